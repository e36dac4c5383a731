"""Draw a sample as single pictures in a folder, which holds one sample at a time."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..safe_io import open_file
from ..safe_io.atomic import cannot_write, find_refusal, remove
from .grid import to_rgb

NAME = re.compile(r"[0-9]{5,}\.png")
MARK = ("Software", "advnets sample")
"""What each picture says of itself, by a keyword that the PNG standard has."""


def save_each(folder: Path, x: np.ndarray, spec: Any) -> None:
    """Write each of the images ``x`` into a PNG of its own, in its own size.

    They take the place of all that were drawn there before, once all are written.

    Args:
        folder: Made if it isn't there; the files are called 00000.png and so on.
        x: ``[n, *shape]``, in the data set's own range.
        spec: The data's :class:`advnets.data.DataSpec`, of images.

    Raises:
        RunError: If the disk is full or the folder cannot be written to; it is as before then.
    """
    made, draft = not folder.exists(), None
    try:
        folder.mkdir(exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
        for number, pixels in enumerate(to_rgb(x, spec.low, spec.high)):
            _write(draft / f"{number:05}.png", pixels)
        for old in drawn_before(folder):
            old.unlink()
        for new in list(draft.iterdir()):
            os.replace(new, folder / new.name)
    except Exception as error:
        if refusal := find_refusal(error):
            raise cannot_write(folder, refusal) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            if draft is not None:
                remove(draft)
            if made:
                folder.rmdir()  # which it can be only where nothing lies in it


def _write(path: Path, pixels: np.ndarray) -> None:
    grey, about = (pixels[..., :1] == pixels).all(), PngInfo()
    about.add_text(*MARK)
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if grey else pixels))
    picture.save(path, format="PNG", optimize=True, pnginfo=about)


def drawn_before(folder: Path) -> list[Path]:
    """Return the pictures in a folder that :func:`save_each` wrote, by what they say."""
    return [path for path in folder.iterdir() if NAME.fullmatch(path.name) and _is_ours(path)]


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with open_file(path) as file:
        return "\0".join(MARK).encode() in file.read(200)  # the first that follows the header
