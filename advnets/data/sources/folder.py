"""Read images from a folder."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from ...errors import DataError
from ...safe_io import is_there, printable
from ...safe_io.reading import as_path
from ..examples import Examples
from ..probe import DataUnavailable
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from .image_file import SUFFIXES, BrokenImage, read_image
from .scan_cache import ScanCache, ScanResult

MOST_BROKEN = 0.1
"""The part of a split's files that may be unreadable; beyond it, the split is refused."""

log = logging.getLogger(__name__)


class Folder(Source):
    """Read the images of a folder and its sub-folders.

    A split within the memory budget is decoded into memory. Of a larger one, every file is
    decoded once, to find the broken ones and the fingerprint, and then again whenever the
    game needs it. What was found is cached until a file changes
    (:mod:`advnets.data.sources.scan_cache`).

    Sub-folders ``train``, ``validation`` and ``test`` hold those splits, if there is a
    ``train``. A split that has no folder of its own is taken from the training images, by a
    hash of each file's name below the folder: adding files moves none of the others. The order
    is that of another part of the hash, so that the first of a split, which metrics choose
    bandwidths on, are of all its sub-folders. If each image lies in a sub-folder (of its split),
    the first one's name is its class.

    Files that can't be decoded, or of absurd dimensions, are skipped: named in a warning, and
    refused altogether if they are more than a tenth.

    Args:
        path: The folder; relative to the current one. Links to folders aren't followed.
        size: Width and height in pixels, that each image's central square is resized to
            (bicubic). Needed when the sizes vary.
        channels: 1 (grey) or 3 (red, green, blue).
        validation: The part of the training images that becomes the validation split.
        test: Likewise, the test split.
        preprocess: See :class:`advnets.DatasetParameters`.

    Attributes:
        skipped: Of the splits loaded so far, file → why it was skipped.
    """

    name: ClassVar[str] = "folder"

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: int | None = None,
        channels: int = 3,
        validation: float = 0.1,
        test: float = 0.1,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.path = as_path(path)
        self.name = f"folder {path}"  # type: ignore[misc]
        self.skipped: dict[Path, str] = {}
        self._size, self._channels = size, channels
        self._scanned: dict[str, list[Path]] = {}
        self._scanning = Lock()
        self._fractions = {"validation": validation, "test": test}
        if validation + test >= 1:
            raise DataError(
                f"validation {validation:g} and test {test:g} leave nothing to train on",
                hint="make their sum less than 1",
            )

    def available(self) -> None:
        if not is_there(self.path) or not self.path.is_dir():
            raise DataUnavailable(
                f"there is no folder {self.path}",
                hint="give its path, relative to the current one: dataset.path=DIR",
            )

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(split for split in SPLITS if self._files[split])

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        width = height = self._size or 0
        if self._size is None:
            height, width = self._first().shape[:2]
        names = tuple(map(str, self._classes))
        fields = {"label": Field((), "int64", classes=len(names), names=names)} if names else {}
        return DataSpec((height, width, self._channels), "uint8", 0, 255, "image", fields)

    def read(self, split: str) -> Examples:
        files, spec = self._files[split], self.spec
        self.check_budget(split, len(files))
        images = np.empty((len(files), *spec.shape), np.uint8)

        def decode(index: int) -> str | None:
            decoded = self._decode(files[index])
            if isinstance(decoded, str):
                return decoded
            images[index] = decoded
            return None

        reasons = list(self._pool.map(decode, range(len(files))))
        sound = np.array([reason is None for reason in reasons])
        self._report(split, {f: r for f, r in zip(files, reasons, strict=True) if r is not None})
        kept = [file for file, good in zip(files, sound, strict=True) if good]
        return Examples(images if sound.all() else images[sound], self._fields(kept))

    def count(self, split: str) -> int:
        self.check_split(split)
        if self.within_budget(len(self._files[split])):
            return len(self.load(split))
        return len(self._sound_files(split))

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        files = [self._sound_files(split)[index] for index in indices]
        images = np.empty((len(files), *self.spec.shape), np.uint8)

        def decode(index: int) -> None:
            decoded = self._decode(files[index])
            if isinstance(decoded, str):
                raise DataError(
                    f"{self.path / files[index]} can no longer be read: {decoded}",
                    hint="bring the file back as it was when the run began",
                )
            images[index] = decoded

        for _ in self._pool.map(decode, range(len(files))):
            pass
        return Examples(images, self._fields(files))

    def release(self) -> None:
        super().release()
        self._scanned.clear()

    def _sound_files(self, split: str) -> list[Path]:
        """Find the files of a large split that can be decoded, by decoding all, once."""
        with self._scanning:
            if split not in self._scanned:
                self._scanned[split] = self._scan(split)
            return self._scanned[split]

    def _scan(self, split: str) -> list[Path]:
        files = self._files[split]
        reading = {"split": split, "size": self._size, "channels": self._channels}
        cache = ScanCache(self.path, files, {**reading, "shape": self.spec.shape})
        scan = cache.load()
        if scan is None:
            log.debug("%s: looking through %s images of %r", self.name, f"{len(files):,}", split)
            scan = self._decode_all(files)
            if scan.broken:  # their number is hashed first
                self._report(split, scan.broken)
                again = self._decode_all([f for f in files if f not in scan.broken])
                scan = ScanResult(scan.broken, again.fingerprint)
            cache.save(scan)
        else:
            self._report(split, scan.broken)
        if scan.fingerprint is not None:
            self._fingerprints[split] = scan.fingerprint
        return [file for file in files if file not in scan.broken]

    def _decode_all(self, files: Sequence[Path]) -> ScanResult:
        """Decode every file; the fingerprint is known only if all are sound."""
        broken: dict[Path, str] = {}
        digest = self._new_digest(len(files))
        for start in range(0, len(files), self.chunk_size):
            some = files[start : start + self.chunk_size]
            for file, decoded in zip(some, self._pool.map(self._decode, some), strict=True):
                if isinstance(decoded, str):
                    broken[file] = decoded
                else:
                    digest.update(decoded.data)
        return ScanResult(broken, None if broken else digest.hexdigest())

    def _decode(self, file: Path) -> np.ndarray | str:
        """Return the image, or why there is none.

        Raises:
            DataError: If it isn't as large as the others.
        """
        path, spec = self.path / file, self.spec
        try:
            image = read_image(path, self._size, self._channels)
        except BrokenImage as error:
            return str(error)
        if image.shape != spec.shape:
            raise DataError(
                f"{path} is {image.shape[1]}×{image.shape[0]} pixels, others are "
                f"{spec.shape[1]}×{spec.shape[0]}",
                hint="give a size: each image's central square is resized to it (size: 64)",
            )
        return np.ascontiguousarray(image)

    def _fields(self, files: Sequence[Path]) -> dict[str, np.ndarray]:
        if not self._classes:
            return {}
        classes = [self._numbers[self._class_of(file)] for file in files]
        return {"label": np.array(classes, np.int64)}

    def _field_parts(self, split: str, name: str) -> Iterator[np.ndarray]:
        if name == "label" and split not in self._loaded:  # without decoding the images
            yield self._fields(self._sound_files(split))[name]
        else:
            yield from super()._field_parts(split, name)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(thread_name_prefix="decode")

    def _report(self, split: str, broken: Mapping[Path, str]) -> None:
        """Warn of the files that were skipped; refuse the split if they are too many."""
        self.skipped |= {self.path / file: reason for file, reason in broken.items()}
        if not broken:
            return
        total = len(self._files[split])
        some = "; ".join(f"{file}: {reason}" for file, reason in list(broken.items())[:3])
        message = f"{self.name}: {len(broken):,} of {total:,} images of {split!r} are unusable"
        if len(broken) > MOST_BROKEN * total:
            raise DataError(f"{message} ({some})", hint="mend or remove them")
        log.warning("%s", printable(f"{message} and skipped ({some})", lines=False))

    def _first(self) -> np.ndarray:
        """Return the first training image that can be decoded."""
        for file in self._files["train"]:
            try:
                return read_image(self.path / file, None, self._channels)
            except BrokenImage:
                continue
        raise DataError(f"{self.path}: no image can be decoded")

    @cached_property
    def _files(self) -> dict[str, list[Path]]:
        """Each split's files, relative to the folder, in their order."""
        self.available()
        own = [s for s in SPLITS if (self.path / s).is_dir()] if self._has_train else []
        found = {s: self._images(self.path / s) for s in own} or {"train": self._images(self.path)}
        if not found["train"]:
            raise DataError(
                f"{self.path}{'/train' if own else ''} has no images",
                hint=f"images are files that end in {', '.join(SUFFIXES)}",
            )
        files: dict[str, list[Path]] = {split: found.get(split, []) for split in SPLITS}
        pool, files["train"] = files["train"], []
        for file in pool:
            files[self._assign(file, taken=own)].append(file)
        if not files["train"]:
            raise DataError(
                f"{self.path}: validation and test leave no image of {len(pool)} to train on",
                hint="set dataset.validation=0 dataset.test=0, or bring more images",
            )
        return files

    @property
    def _has_train(self) -> bool:
        return (self.path / "train").is_dir()

    def _images(self, root: Path) -> list[Path]:
        paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                    paths.append(Path(folder, name).relative_to(self.path))
        return sorted(paths, key=lambda path: (_digest(path)[8:], path.as_posix()))

    def _assign(self, file: Path, taken: Sequence[str]) -> str:
        """Return the split of a training image: by its name alone, so independent of the others."""
        position = int.from_bytes(_digest(file)[:8], "big") / 2**64
        for split, part in self._fractions.items():
            if split in taken:
                continue
            if position < part:
                return split
            position -= part
        return "train"

    def _class_of(self, file: Path) -> str | None:
        """Return the first sub-folder below the split's folder, if there is one."""
        below = file.parts[1:] if self._has_train else file.parts
        return below[0] if len(below) > 1 else None

    @cached_property
    def _classes(self) -> list[str | None]:
        """The classes' names, sorted; empty unless every image has one."""
        names = {self._class_of(file) for files in self._files.values() for file in files}
        return [] if None in names else sorted(names, key=str)

    @cached_property
    def _numbers(self) -> dict[str | None, int]:
        return {name: number for number, name in enumerate(self._classes)}


def _digest(file: Path) -> bytes:
    """Return the digest by which files are split and ordered."""
    return hashlib.sha256(file.as_posix().encode("utf-8", "surrogateescape")).digest()
