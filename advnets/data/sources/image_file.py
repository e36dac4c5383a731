"""Decode one image file, with suspicion."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import DataError
from ...safe_io import is_there, open_file, printable
from ...safe_io.wording import shorten
from ..spec import Field

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (
    ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
DEEP = "more than 8 bits per channel"
MOST_PIXELS = 64_000_000
"""Larger images are refused before they are decoded: they are mistakes, or bombs."""
MOST_BYTES = 512 * 2**20
"""Of a file; no image of so many pixels needs more."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow goes by what is in a file, whatever it is called: PostScript would run Ghostscript."""
LARGE = 4_000_000
"""Of images of more pixels, one is decoded at a time: several copies of it are held then."""
_ONE_LARGE = Lock()
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
BITS_PER_SAMPLE = 258
"""TIFF's tag of that name."""


class BrokenImage(Exception):
    """Report that a file isn't a usable image; the message is why, in a few words."""


class Picture(NamedTuple):
    """Hold what a file gives.

    Attributes:
        pixels: uint8 [height, width, channels].
        pages: How many there are in the file, of which the first is taken; 0 if they cannot
            be counted.
    """

    pixels: np.ndarray
    pages: int = 1


def read_image(path: Path, size: tuple[int, int] | None, channels: int) -> Picture:
    """Decode an image: the first page, turned upright.

    Args:
        path: The file.
        size: Height and width that the largest central part of that shape is resized to
            (bicubic, antialiased), if given.
        channels: 1 (grey, ITU-R 601 luma), 3 (red, green, blue), either of them laid over white
            where the image is transparent, or 4 (and opacity: 255 where there is none).

    Raises:
        BrokenImage: If it can't be decoded, is absurdly large, or has more than eight bits
            per channel (which would have to be cut off).
    """
    from PIL import Image, ImageOps

    try:
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(open_file(path))
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise BrokenImage(f"more than {MOST_BYTES:,} bytes")
            # Pillow warns of large images before refusing larger ones; ours is the lower limit.
            opened.enter_context(warnings.catch_warnings(action="ignore"))
            image = opened.enter_context(Image.open(file, formats=FORMATS))
            if image.width * image.height > MOST_PIXELS:
                raise BrokenImage(f"{image.width}×{image.height} pixels are too many")
            if _has_deep_channels(image):
                raise BrokenImage(DEEP)
            if image.width * image.height > LARGE:
                opened.enter_context(_ONE_LARGE)
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data and channels < 4:
                upright = upright.convert("RGBA")
                white = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(white, upright)
            if upright.mode == "LAB":  # Pillow knows one way out of it
                upright = upright.convert("RGB")
            upright = upright.convert(MODES[channels])
            if size is not None and upright.size != size[::-1]:
                # Cut first: resizing a region would blend in what lies about it.
                upright = _cut(upright, *size)
                upright = upright.resize(size[::-1], Image.Resampling.BICUBIC)
            pixels = np.asarray(upright, np.uint8)
            pages = _count_pages(image)
    except BrokenImage:
        raise
    except Exception as error:  # what a decoder may raise over a broken file has no end
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            text = error.strerror
        elif type(error).__name__ == "UnidentifiedImageError":
            text = "not an image"
        raise BrokenImage(printable(text)) from error
    return Picture(pixels.reshape(*pixels.shape[:2], channels), pages)


def _has_deep_channels(image: Image.Image) -> bool:
    """Tell whether a file has more than 8 bits per channel; Pillow cuts those of colours to 8."""
    if image.mode.startswith(("I", "F")):
        return True
    if image.format == "TIFF":
        bits: Any = image.tag_v2.get(BITS_PER_SAMPLE, 8)  # type: ignore[attr-defined]
        return max(bits if isinstance(bits, tuple) else (bits,)) > 8
    coded: list[Any] = []  # what decoders of the file's parts are told
    for _, _, _, told in getattr(image, "tile", ()):
        coded += told if isinstance(told, tuple) else (told,)
    if image.format == "PPM":  # its greatest value
        return any(isinstance(one, int) and one > 255 for one in coded)
    return image.format == "PNG" and any("16" in str(one) for one in coded)


def _count_pages(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # the first page is sound; what raises here are the others
        return 0


def _cut(image: Image.Image, height: int, width: int) -> Image.Image:
    """Return the largest central part whose sides are as these."""
    wide = min(image.width, image.height * width // height) or 1
    high = min(image.height, image.width * height // width) or 1
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    return image.crop((left, top, left + wide, top + high))


def how_to_mend(reasons: Iterable[str]) -> str:
    """Say what to do about pictures that cannot be used."""
    if DEEP in reasons:
        return (
            "mend or remove them; of those with more than 8 bits numpy.asarray(Image.open(OLD)) "
            "// 257 makes 8, which Image.fromarray(ARRAY.astype('uint8')).save(NEW) stores"
        )
    return "mend or remove them"


MOST_FILES = 10_000
"""Of a folder whose images samples are to be made of."""


def read_field(text: str, field: Field) -> np.ndarray | None:
    """Read values of an image field from a file, or from all in a folder, by their names.

    Args:
        text: The file's or the folder's path.
        field: Shape and range: the bytes 0 to 255 are brought to it.

    Returns:
        float32 ``[height, width, channels]``, or ``[n, height, width, channels]`` of a folder;
        ``None`` where nothing lies.

    Raises:
        DataError: If no image can be read there.
    """
    path, (height, width, channels) = Path(text), field.shape
    if not is_there(path):
        return None
    if channels not in MODES or field.low is None or field.high is None:
        raise DataError(
            f"{shorten(text, 60)}: files hold images of 1, 3 or 4 channels of a known range; "
            f"this field is of {channels}{'' if field.low is not None else ', without a range'}",
            hint="give an array: @FILE.npz",
        )
    files = [path]
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES)
    if not 1 <= len(files) <= MOST_FILES:
        raise DataError(f"{shorten(text, 60)}: {len(files):,} images; 1 to {MOST_FILES:,} are read")
    pixels = []
    for file in files:
        try:
            pixels.append(read_image(file, (height, width), channels).pixels)
        except BrokenImage as error:
            raise DataError(f"{shorten(str(file), 60)}: {error}", hint=how_to_mend([])) from error
    values = np.stack(pixels).astype(np.float32) / 255 * (field.high - field.low) + field.low
    return values if path.is_dir() else values[0]
