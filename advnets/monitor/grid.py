"""Draw samples: grids of images, histograms in one dimension, scatter plots in two, curves.

Every picture is drawn with the same layout and the same limits at every step, so that
those of one run can be leafed through like a film.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..safe_io import printable
from ..safe_io.atomic import replace_atomically
from .paper import DATA, DPI, GENERATED, INK, JUDGE, MUTED, PAPER, strip_axes
from .plain_text import plain_text
from .sequences import sequence_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST = 480
"""Grids of small images are enlarged by a whole factor until they are about this wide."""
GAP = 2
GUTTER = (96, 96, 96)
BROKEN = (255, 0, 255)
"""The colour of a pixel that is not a finite number."""

COORDINATES = 12
"""Vectors of more than two dimensions: this many coordinates are shown."""

Density = Callable[[np.ndarray], np.ndarray]


def save_grid(
    path: str | os.PathLike[str],
    x: np.ndarray,
    spec: Any,
    *,
    columns: int | None = None,
    density: Density | None = None,
    reference: np.ndarray | None = None,
    probability: Density | None = None,
    title: str = "",
    draw: Callable[[np.ndarray], Any] | None = None,
) -> Path:
    """Draw the samples ``x`` into a file; what it shows depends on the kind of data.

    Images become a grid; sequences a grid of curves; vectors, and what nobody draws, a
    histogram (one dimension), a scatter plot (two), or a histogram per coordinate (more).

    Args:
        path: The file to write, .png or .jpg, atomically: a reader never sees half of one.
        x: ``[n, *shape]``, in the data set's own range.
        spec: The data's :class:`advnets.data.DataSpec`.
        columns: Images in a row; the grid is about square by default.
        density: For vectors: ``[n, *shape]`` → p_data(x) ``[n]``, drawn beneath.
        reference: For all but images: real examples ``[m, *shape]``, drawn beneath, or, of
            sequences, above; they also fix the limits of the axes.
        probability: For vectors of one dimension: ``[n, *shape]`` → D(x) ``[n]``.
        title: Written above vectors and sequences.
        draw: The data set's own picture of ``[n, *shape]``, as
            :func:`advnets.data.by_source.draw` returns it.

    Returns:
        ``path``.

    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> spec = SimpleNamespace(shape=(8, 8, 1), low=0, high=16, kind="image")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Image.open(save_grid(folder + "/x.png", np.zeros((64, 8, 8, 1)), spec)) as grid:
    ...         grid.size
    (530, 530)
    """
    x = np.asarray(x)
    if x.ndim < 1 or len(x) == 0:
        raise ValueError(f"save_grid needs samples [n, *shape] with n >= 1, got shape {x.shape}")
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = None if draw is None else draw(x)
    if picture is not None:
        picture = lay_out(picture, columns)
    else:
        picture = draw_samples(x, spec, columns, density, reference, probability, title)
    save_picture(target, picture)
    return target


def draw_samples(
    x: np.ndarray,
    spec: Any,
    columns: int | None = None,
    density: Density | None = None,
    reference: np.ndarray | None = None,
    probability: Density | None = None,
    title: str = "",
    label: str = "generated",
) -> Image.Image | Figure:
    """Return the core's picture of samples, called ``label``: see :func:`save_grid`."""
    if spec.kind == "image":
        return image_grid(x, spec.low, spec.high, columns)
    if spec.kind == "sequence":
        return sequence_figure(x, columns, reference, title, label)
    return vector_figure(x, x.shape[1:], density, reference, probability, title, label)


def save_picture(path: Path, picture: Any) -> None:
    """Write a Pillow image, or a Matplotlib figure, into a .png or a .jpg, atomically."""
    written = _written_as(path)
    with replace_atomically(path) as file:  # under a name where nobody can put a link before
        if hasattr(picture, "savefig"):
            picture.savefig(file, format=written["format"].lower(), dpi=DPI)
        else:
            known = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
            known.save(file, **written)


def lay_out(picture: Any, columns: int | None = None) -> Any:
    """Return a data set's own picture as one: what is one of each becomes a grid."""
    if not isinstance(picture, np.ndarray):
        return picture
    if picture.ndim == 4:
        return image_grid(picture, 0, 255, columns)
    return Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)


def _written_as(path: Path) -> dict[str, Any]:
    if path.suffix.lower() in (".jpg", ".jpeg"):
        return {"format": "JPEG", "quality": 95}
    return {"format": "PNG", "optimize": True}


def image_grid(
    x: np.ndarray, low: float | None, high: float | None, columns: int | None = None
) -> Image.Image:
    """Draw the images ``x`` in rows, enlarged by a whole factor if they are small.

    Args:
        x: ``[n, height, width, channels]`` or ``[n, height, width]``.
        low: The value shown as black; the smallest of ``x`` if ``None``.
        high: The value shown as white; the largest of ``x`` if ``None``.
        columns: Images in a row; ⌈√n⌉ by default.
    """
    pixels = to_rgb(x, low, high)
    n, height, width, _ = pixels.shape
    columns = min(columns or math.ceil(math.sqrt(n)), n)
    rows = math.ceil(n / columns)
    factor = max(1, round(SMALLEST / (columns * width)))
    pixels = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = height * factor, width * factor
    canvas = np.empty((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), np.uint8)
    canvas[:] = GUTTER
    for index, image in enumerate(pixels):
        top = GAP + (index // columns) * (height + GAP)
        left = GAP + (index % columns) * (width + GAP)
        canvas[top : top + height, left : left + width] = image
    if (canvas[..., :1] == canvas).all():
        return Image.fromarray(np.ascontiguousarray(canvas[..., 0]))
    return Image.fromarray(canvas)


def to_rgb(x: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    """Convert ``x`` to uint8 ``[n, height, width, 3]``, clipped to [low, high].

    >>> to_rgb(np.array([0.0, 2.0]).reshape(1, 1, 2, 1), 0, 1).tolist()
    [[[[0, 0, 0], [255, 255, 255]]]]
    """
    x = np.asarray(x, np.float64)
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4:
        raise ValueError(f"images must be [n, height, width, channels], got shape {x.shape}")
    finite = np.isfinite(x)
    usable = x[finite]
    low = low if low is not None else float(usable.min(initial=0.0))
    high = high if high is not None else float(usable.max(initial=low))
    scaled = (np.where(finite, x, low) - low) / (high - low or 1.0)
    scaled = np.rint(np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)
    if scaled.shape[-1] == 1:
        scaled = scaled.repeat(3, axis=-1)
    elif scaled.shape[-1] == 2:
        scaled = np.concatenate([scaled, np.zeros_like(scaled[..., :1])], axis=-1)
    elif scaled.shape[-1] == 4:  # colour and opacity: over white, as pictures are read
        opacity = scaled[..., 3:] / 255
        scaled = np.rint(scaled[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    scaled = scaled[..., :3].copy()
    scaled[~finite.all(axis=-1)] = BROKEN
    return scaled


@plain_text()
def vector_figure(
    x: np.ndarray,
    shape: tuple[int, ...],
    density: Density | None = None,
    reference: np.ndarray | None = None,
    probability: Density | None = None,
    title: str = "",
    label: str = "generated",
) -> Figure:
    """Draw a figure of the vectors ``x``, called ``label``: see :func:`save_grid`."""
    from matplotlib.figure import Figure

    flat = x.reshape(len(x), -1).astype(np.float64)
    real = None
    if reference is not None:
        real = np.asarray(reference, np.float64).reshape(len(reference), -1)
    flat = flat[np.isfinite(flat).all(axis=1)]
    bad = len(x) - len(flat)
    limits = _limits(flat if real is None else real)
    outside = ((flat < limits[:, 0]) | (flat > limits[:, 1])).any(axis=1).sum()
    d = flat.shape[1]
    figure = Figure(figsize=(6.4, 6.4 if d == 2 else 4.4), facecolor=PAPER, layout="constrained")
    if d == 1:
        _histogram(figure, flat[:, 0], limits[0], shape, density, real, probability, label)
    elif d == 2:
        _scatter(figure, flat, limits, shape, density, real, label)
    else:
        _coordinates(figure, flat, limits, real, label)
    notes = [printable(title, lines=False)] if title else []
    if outside:
        notes.append(f"{outside} of {len(x)} samples lie outside")
    if bad:
        notes.append(f"{bad} of {len(x)} samples are not finite")
    figure.suptitle("   ".join(notes) or " ", fontsize=10, color=INK)
    return figure


def _limits(x: np.ndarray) -> np.ndarray:
    """Return each coordinate's extent, ``[d, 2]``, with a margin for samples that miss."""
    if len(x) == 0:
        return np.tile([-1.0, 1.0], (x.shape[1], 1))
    low, high = x.min(axis=0), x.max(axis=0)
    margin = np.where(high > low, (high - low) * 0.15, 1.0)
    return np.stack([low - margin, high + margin], axis=1)


def _histogram(
    figure: Figure,
    x: np.ndarray,
    limits: np.ndarray,
    shape: tuple[int, ...],
    density: Density | None,
    real: np.ndarray | None,
    probability: Density | None,
    label: str,
) -> None:
    axes = figure.subplots()
    line = np.linspace(limits[0], limits[1], 400)
    points = line.reshape(-1, *shape)
    bins = np.linspace(limits[0], limits[1], 61).tolist()
    if density is not None:
        p = density(points)
        axes.plot(line, p, ":", color=DATA, lw=2, label="p(data)")
        axes.set_ylim(0, 1.8 * float(np.max(p)))
    elif real is not None:
        axes.hist(real[:, 0], bins, density=True, color=DATA, alpha=0.35, label="data")
    if len(x):
        weights = np.full(len(x), 1 / (len(x) * (bins[1] - bins[0])))
        axes.hist(x, bins, weights=weights, color=GENERATED, alpha=0.3)
        outline: dict[str, Any] = {"histtype": "step", "color": GENERATED, "lw": 1.6}
        axes.hist(x, bins, weights=weights, label=f"p({label})", **outline)
    axes.set(xlabel="x", ylabel="density", xlim=limits)
    strip_axes(axes)
    handles, labels = axes.get_legend_handles_labels()
    if probability is not None:
        right = axes.twinx()
        right.plot(line, probability(points), "--", color=JUDGE, lw=1.6, label="D(x)")
        right.axhline(0.5, color=MUTED, lw=0.6)
        right.set(ylim=(0, 1), ylabel="probability that D gives to “real”")
        strip_axes(right)
        more, names = right.get_legend_handles_labels()
        handles, labels = handles + more, labels + names
    _legend(figure, handles, labels)


def _scatter(
    figure: Figure,
    x: np.ndarray,
    limits: np.ndarray,
    shape: tuple[int, ...],
    density: Density | None,
    real: np.ndarray | None,
    label: str,
) -> None:
    axes = figure.subplots()
    if real is not None:
        axes.plot(*real[:2000].T, ".", color=DATA, ms=2.5, alpha=0.35, mew=0, label="data")
    elif density is not None:
        across, up = (np.linspace(limit[0], limit[1], 160) for limit in limits)
        mesh = np.stack(np.meshgrid(across, up), axis=-1)
        p = density(mesh.reshape(-1, *shape)).reshape(len(up), len(across))
        levels = (float(p.max()) or 1.0) * np.array([0.02, 0.1, 0.3, 0.6, 0.9])
        axes.contour(across, up, p, levels, colors=DATA, linewidths=0.8)
        axes.plot([], [], color=DATA, label="p(data)")
    axes.plot(*x.T, ".", color=GENERATED, ms=4, alpha=0.7, mew=0, label=label)
    axes.set(xlim=limits[0], ylim=limits[1])
    axes.set_aspect("equal", adjustable="box")
    strip_axes(axes)
    _legend(figure, *axes.get_legend_handles_labels())


def _coordinates(
    figure: Figure, x: np.ndarray, limits: np.ndarray, real: np.ndarray | None, label: str
) -> None:
    shown = min(x.shape[1], COORDINATES)
    columns = min(4, shown)
    grid = figure.subplots(math.ceil(shown / columns), columns, squeeze=False).ravel()
    for index, axes in enumerate(grid):
        if index >= shown:
            axes.set_visible(False)
            continue
        bins = np.linspace(limits[index][0], limits[index][1], 31).tolist()
        if real is not None:
            axes.hist(real[:, index], bins, density=True, color=DATA, alpha=0.35)
        if len(x):
            weights = np.full(len(x), 1 / (len(x) * (bins[1] - bins[0])))
            axes.hist(x[:, index], bins, weights=weights, histtype="step", color=GENERATED, lw=1.4)
        axes.set_title(f"coordinate {index}", fontsize=8, color=INK)
        axes.set_yticks([])
        strip_axes(axes)
    names = f"red line: {label}" + ("; blue: data" if real is not None else "")
    figure.supxlabel(names, fontsize=9, color=INK)


def _legend(figure: Figure, handles: list[Any], labels: list[str]) -> None:
    """Draw a legend below the axes, where it hides nothing."""
    look: dict[str, Any] = {"frameon": False, "fontsize": 9, "markerscale": 3}
    figure.legend(handles, labels, loc="outside lower center", ncols=max(len(labels), 1), **look)
