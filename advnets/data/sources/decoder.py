"""Decode the pictures of a folder, in several threads; all have one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from ...errors import DataError
from ...safe_io.wording import pluralise
from ..digest import Digest
from .image_file import BrokenImage, Picture, read_image
from .scan_cache import ScanResult

A = TypeVar("A")
B = TypeVar("B")


class Decoder:
    """Decode files of a folder.

    Args:
        root: The folder, which files are relative to.
        size: Height and width that pictures are brought to, if they are.
        channels: 1, 3 or 4.
    """

    def __init__(self, root: Path, size: tuple[int, int] | None, channels: int):
        self.root, self.size, self.channels = root, size, channels

    def find_size(self, files: Sequence[Path]) -> tuple[int, int]:
        """Return height and width: as asked for, or of the first file that can be decoded.

        Raises:
            DataError: If none can, with some of the reasons.
        """
        if self.size is not None:
            return self.size
        reasons: dict[str, Path] = {}
        for file in files:
            try:
                height, width, _ = read_image(self.root / file, None, self.channels).pixels.shape
            except BrokenImage as error:
                reasons.setdefault(str(error), file)
            else:
                return height, width
        shown = "; ".join(f"{file}: {reason}" for reason, file in list(reasons.items())[:3])
        raise DataError(
            f"{self.root}: none of {pluralise(len(files), 'picture')} can be used ({shown})",
            hint="convert them, for instance to PNG of 8 bits per channel",
        )

    def decode(self, file: Path, shape: tuple[int, ...]) -> Picture | str:
        """Return the picture, or why there is none.

        Raises:
            DataError: If it isn't as large as the others.
        """
        try:
            picture = read_image(self.root / file, self.size, self.channels)
        except BrokenImage as error:
            return str(error)
        found = picture.pixels.shape
        if found != shape:
            raise DataError(
                f"{self.root / file} is {found[1]}×{found[0]} pixels, others are "
                f"{shape[1]}×{shape[0]}",
                hint="give a size: each image's central square is resized to it (size: 64)",
            )
        return Picture(np.ascontiguousarray(picture.pixels), picture.pages)

    def decode_all(
        self, files: Sequence[Path], shape: tuple[int, ...], digest: Digest, at_once: int
    ) -> ScanResult:
        """Decode every file; what they come to is known only if all are sound."""
        broken: dict[Path, str] = {}
        pages: dict[Path, int] = {}
        for start in range(0, len(files), at_once):
            part = files[start : start + at_once]
            decoded = self.map(lambda file: self.decode(file, shape), part)
            for file, picture in zip(part, decoded, strict=True):
                if isinstance(picture, str):
                    broken[file] = picture
                    continue
                digest.add(picture.pixels)
                if picture.pages != 1:
                    pages[file] = picture.pages
        return ScanResult(broken, None if broken else digest.result(), pages)

    def map(self, work: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        """Return the outcomes, in order, of what several threads do."""
        return self._pool.map(work, items)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(thread_name_prefix="decode")
