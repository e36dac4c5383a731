"""Draw what samples were made of next to them: several columns, each with its label."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..safe_io import printable
from ..safe_io.wording import shorten
from .grid import GAP, GUTTER, SMALLEST, Density, draw_samples, lay_out, save_picture, to_rgb
from .paper import DPI

HEADER = 18
"""Pixels of the line with the labels, and of its letters with what is around them."""
LETTERS = 11
BETWEEN = 4 * GAP
"""Pixels between the columns of one example and those of the next."""
WHITE = (255, 255, 255)


def save_columns(
    path: Path,
    shown: Mapping[str, np.ndarray],
    spec: Any,
    *,
    columns: int | None = None,
    draw: Callable[[np.ndarray], Any] | None = None,
    title: str = "",
    reference: np.ndarray | None = None,
    density: Density | None = None,
    probability: Density | None = None,
) -> Path:
    """Draw samples next to what they were made of into a file.

    Images, and data sets with a picture of each example, have all columns of an example next to
    each other; of other data there is a picture a column.

    Args:
        path: The file to write, .png or .jpg.
        shown: Arrays ``[n, ...]`` by label, in the data set's own range; images may be of other
            sizes and channels than the data's.
        spec: The data's :class:`advnets.data.DataSpec`.
        columns: Examples in a row; about a square by default.
        draw, title, reference, density, probability: As for
            :func:`advnets.monitor.grid.save_grid`.

    Returns:
        ``path``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, Any] = {}
    for label, x in shown.items():
        own = draw(x) if draw is not None and x.shape[1:] == spec.shape else None
        if own is None and spec.kind == "image":
            own = to_rgb(x, spec.low, spec.high)
        elif own is None:
            beneath = reference if x.shape[1:] == spec.shape else None
            name = shorten(printable(label, lines=False), 40)
            own = draw_samples(x, spec, columns, density, beneath, probability, title, name)
        drawn[label] = own
    if all(isinstance(one, np.ndarray) and one.ndim == 4 for one in drawn.values()):
        picture = interleave(drawn, columns)
    else:
        picture = put_side_by_side(drawn)
    save_picture(path, picture)
    return path


def interleave(drawn: Mapping[str, np.ndarray], columns: int | None = None) -> Image.Image:
    """Return a grid in which all pictures of an example stand next to each other.

    Args:
        drawn: uint8 ``[n, height, width, 1 or 3]`` by label.
        columns: Examples in a row.

    >>> drawn = {"a": np.zeros((2, 8, 8, 3), "uint8"), "b": np.ones((2, 4, 4, 1), "uint8")}
    >>> interleave(drawn, columns=2).width > 3 * interleave(drawn, columns=2).height
    True
    """
    count = len(next(iter(drawn.values())))
    height = max(each.shape[1] for each in drawn.values())
    width = max(each.shape[2] for each in drawn.values())
    if columns is None:  # about a square
        columns = max(1, round(math.sqrt(count * height / (width * len(drawn)))))
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    factor = max(1, round(SMALLEST / (columns * len(drawn) * width)))
    height, width = height * factor, width * factor
    group = len(drawn) * (width + GAP) + BETWEEN
    size = columns * group - BETWEEN + GAP, HEADER + rows * (height + GAP) + GAP
    canvas = Image.new("RGB", size, GUTTER)
    canvas.paste(WHITE, (0, 0, size[0], HEADER))
    for index in range(count):
        for place, pixels in enumerate(drawn.values()):
            colours = pixels[index] if pixels.shape[-1] == 3 else pixels[index].repeat(3, -1)
            tile = Image.fromarray(np.ascontiguousarray(colours))
            left = (index % columns) * group + GAP + place * (width + GAP)
            top = HEADER + GAP + (index // columns) * (height + GAP)
            tile = tile.resize((width, height), Image.Resampling.NEAREST)
            canvas.paste(tile, (left, top))
    for column in range(columns):
        canvas.paste(
            WHITE, ((column + 1) * group - BETWEEN + GAP, 0, (column + 1) * group, size[1])
        )
    _write_labels(canvas, [*drawn], [column * group + GAP for column in range(columns)], width)
    return canvas


def put_side_by_side(drawn: Mapping[str, Any]) -> Image.Image:
    """Return pictures next to each other, each below its label.

    Args:
        drawn: Pillow images, Matplotlib figures, or uint8 arrays by label.
    """
    pictures = [_as_image(each) for each in drawn.values()]
    height = HEADER + max(each.height for each in pictures)
    lefts = [sum(one.width + GAP for one in pictures[:place]) for place in range(len(pictures))]
    canvas = Image.new("RGB", (lefts[-1] + pictures[-1].width, height), WHITE)
    for left, picture in zip(lefts, pictures, strict=True):
        canvas.paste(picture, (left, HEADER))
    for left, label, picture in zip(lefts, drawn, pictures, strict=True):
        _write_labels(canvas, [label], [left], picture.width)
    return canvas


def _write_labels(canvas: Image.Image, labels: list[str], lefts: list[int], width: int) -> None:
    """Write labels above their columns, or, where these are too narrow, all of them once."""
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(LETTERS)
    labels = [shorten(printable(label, lines=False), 40) for label in labels]
    if all(pen.textlength(label, font) <= width for label in labels):
        for left in lefts:
            for place, label in enumerate(labels):
                pen.text((left + place * (width + GAP), 2), label, "black", font)
        return
    pen.text((GAP, 2), "each: " + ", ".join(labels), "black", font)


def _as_image(picture: Any) -> Image.Image:
    if isinstance(picture, np.ndarray):
        picture = lay_out(picture)
    if hasattr(picture, "savefig"):
        file = io.BytesIO()
        picture.savefig(file, format="png", dpi=DPI)
        picture = Image.open(file)
    return picture.convert("RGB")
