"""Decode one image file, with suspicion."""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ...safe_io import open_file, printable

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
MOST_PIXELS = 64_000_000
"""Larger images are refused before they are decoded: they are mistakes, or bombs."""
MOST_BYTES = 512 * 2**20
"""Of a file; no image of so many pixels needs more."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow goes by what is in a file, whatever it is called: PostScript would run Ghostscript."""
LARGE = 4_000_000
"""Of images of more pixels, one is decoded at a time: several copies of it are held then."""
_ONE_LARGE = Lock()
MODES = {1: "L", 3: "RGB"}


class BrokenImage(Exception):
    """Report that a file isn't a usable image; the message is why, in a few words."""


def read_image(path: Path, size: int | None, channels: int) -> np.ndarray:
    """Decode an image: the first frame, turned upright, transparency over white.

    Args:
        path: The file.
        size: If given, the central square is resized to it (bicubic, antialiased).
        channels: 1 (grey, ITU-R 601 luma) or 3 (red, green, blue).

    Returns:
        uint8 [height, width, channels].

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
            if image.mode.startswith(("I", "F")):
                raise BrokenImage("more than 8 bits per channel")
            if image.width * image.height > LARGE:
                opened.enter_context(_ONE_LARGE)
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                upright = upright.convert("RGBA")
                white = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(white, upright)
            upright = upright.convert(MODES[channels])
            if size is not None and upright.size != (size, size):
                # Cut first: resizing a region would blend in what lies about it.
                upright = _central_square(upright)
                upright = upright.resize((size, size), Image.Resampling.BICUBIC)
            pixels = np.asarray(upright, np.uint8)
    except BrokenImage:
        raise
    except Exception as error:  # what a decoder may raise over a broken file has no end
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            text = error.strerror
        elif type(error).__name__ == "UnidentifiedImageError":
            text = "not an image"
        raise BrokenImage(printable(text)) from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _central_square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
