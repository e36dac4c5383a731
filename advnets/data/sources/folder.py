"""Read images from a folder."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from ...builtin.datasets import FolderParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ...safe_io import is_there, printable
from ...safe_io.reading import as_path
from ...safe_io.wording import pluralise, some
from ..examples import Examples
from ..probe import DataUnavailable
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from ..stored import CHUNK_BYTES
from .decoder import Decoder
from .image_file import how_to_mend
from .layout import Layout, Subfolders, find_layout
from .scan_cache import ScanCache, ScanResult
from .tables import refuse_table

SHOWN = 5
"""Pictures that cannot be used and are named."""
MOST_BROKEN = 0.1
"""The part of a folder's files that may be unreadable; beyond it, the folder is refused."""
QUICK_FILES = 10_000
"""Files that are decoded within seconds, if they are not large."""

log = logging.getLogger(__name__)


class Folder(Source):
    """Read the images of a folder and its sub-folders.

    A split within the memory budget is decoded into memory. Of a larger one, every file is
    decoded once, to find the broken ones and the fingerprint, and then again whenever the
    game needs it; so is every file of the other splits, once, before the first example is had.
    What was found is cached until a file changes (:mod:`advnets.data.sources.scan_cache`).

    Sub-folders called like splits (``train``, ``val``, ``testing``, … in any case; all names are in
    :mod:`advnets.data.splits`) hold those splits, if there is one to train on. A split that
    has no folder of its own is taken from the training images, by a hash of
    each file's name below the folder: adding files moves none of the others. The order is that
    of another part of the hash, so that the first of a split, which metrics choose bandwidths
    on, are of all its sub-folders. If each image lies in a sub-folder (of its split), and not
    all in the same, the first one's name is its class.

    Files that can't be decoded, or of absurd dimensions, are skipped: named in a warning, and
    refused altogether if they are more than a tenth of all.

    Args:
        path: The folder; relative to the current one. Links to folders aren't followed.
        size: Width and height in pixels, or ``[height, width]``, that the largest central part
            of that shape is resized to (bicubic). Needed when the sizes vary.
        channels: 1 (grey), 3 (red, green, blue), or 4 (and opacity).
        validation: The part of the training images that becomes the validation split.
        test: Likewise, the test split.
        subfolders: What sub-folders called like splits are, where it is not plain: ``splits``,
            and others are left out; or ``classes``, and there are no splits among them.
        preprocess: See :class:`advnets.DatasetParameters`.

    Attributes:
        skipped: File → why it was skipped; known once a split is loaded.
    """

    name: ClassVar[str] = "folder"

    @validated_by(FolderParameters)
    def __init__(
        self,
        path: str | os.PathLike[str],
        size: int | Sequence[int] | None = None,
        channels: int = 3,
        validation: float = 0.1,
        test: float = 0.1,
        subfolders: Subfolders | None = None,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.path = as_path(path)
        self.name = f"folder {path}"  # type: ignore[misc]
        self.skipped: dict[Path, str] = {}
        sides = (size, size) if isinstance(size, int) else size
        self._decoder = Decoder(
            self.path, None if sides is None else (sides[0], sides[1]), channels
        )
        self._subfolders = subfolders
        self._scans: dict[str, ScanResult] = {}
        self._sound: dict[str, list[Path]] = {}
        self._scanning = Lock()
        self._fractions = {"validation": validation, "test": test}
        if validation + test >= 1:
            raise DataError(
                f"validation {validation:g} and test {test:g} leave nothing to train on",
                hint="make their sum less than 1",
            )

    def available(self) -> None:
        if not is_there(self.path):
            raise DataUnavailable(
                f"there is no folder {self.path}",
                hint="give its path, relative to the current one: dataset.path=DIR; a run whose "
                "data have been moved goes on with their new place",
            )
        if not self.path.is_dir():
            refuse_table(self.path)
            raise DataError(
                f"{self.path} is a file, not a folder of pictures",
                hint="unpack an archive; arrays in .npz or .npy files are read by dataset.name=npz",
            )

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(split for split in SPLITS if self._files[split])

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        height, width = self._decoder.find_size(self._files["train"])
        names = tuple(map(str, self._classes))
        fields = {"label": Field((), "int64", classes=len(names), names=names)} if names else {}
        return DataSpec((height, width, self._decoder.channels), "uint8", 0, 255, "image", fields)

    def read(self, split: str) -> Examples:
        files, spec = self._files[split], self.spec
        self.check_budget(split, len(files))
        images = np.empty((len(files), *spec.shape), np.uint8)

        def decode(index: int) -> int | str:
            picture = self._decoder.decode(files[index], spec.shape)
            if isinstance(picture, str):
                return picture
            images[index] = picture.pixels
            return picture.pages

        outcomes = dict(zip(files, self._decoder.map(decode, range(len(files))), strict=True))
        broken = {file: found for file, found in outcomes.items() if isinstance(found, str)}
        pages = {f: n for f, n in outcomes.items() if isinstance(n, int) and n != 1}
        self._look_through({split: ScanResult(broken, None, pages)})
        sound = np.array([file not in broken for file in files])
        return Examples(images if not broken else images[sound], self._fields(self._sound[split]))

    def count(self, split: str) -> int:
        self.check_split(split)
        if split not in self._sound and self.within_budget(len(self._files[split])):
            self.load(split)
        return len(self._sound_files(split))

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        files = [self._sound_files(split)[index] for index in indices]
        spec = self.spec
        images = np.empty((len(files), *spec.shape), np.uint8)

        def decode(index: int) -> None:
            decoded = self._decoder.decode(files[index], spec.shape)
            if isinstance(decoded, str):
                raise DataError(
                    f"{self.path / files[index]} can no longer be read: {decoded}",
                    hint="bring the file back as it was when the run began",
                )
            images[index] = decoded.pixels

        for _ in self._decoder.map(decode, range(len(files))):
            pass
        return Examples(images, self._fields(files))

    def labels(self, split: str) -> np.ndarray | None:
        self.check_split(split)
        return self._fields(self._sound_files(split))["label"] if self._classes else None

    def known(self, split: str) -> tuple[int | None, np.ndarray | None]:
        files = self._sound.get(split, self._files[split])
        return len(files), self._fields(files).get("label")

    def left_out(self) -> dict[str, list[str]]:
        broken, pages = [], []
        for scan in self._scans.values():
            broken += [f"{file}: {reason}" for file, reason in scan.broken.items()]
            pages += [f"{file}: {n - 1 if n else 'some'}" for file, n in scan.pages.items()]
        found = {"pictures that cannot be used": broken, "files with further pages": pages}
        return {why: names for why, names in found.items() if names} | {
            why: list(names) for why, names in self._layout.left_out.items()
        }

    def remarks(self) -> list[str]:
        found = [
            f"the folder {name} of the {split} split has no pictures"
            for split, name in self._layout.folders.items()
            if not self._layout.pictures[split]
        ]
        files = [file for each in self._files.values() for file in each]
        loose = [file.as_posix() for file in files if self._layout.class_of(file) is None]
        if self._names - {None} and not self._classes:
            found.append(
                f"{len(loose):,} of {pluralise(len(files), 'picture')} lie in no sub-folder "
                f"({some(loose, 3)}): there are no classes"
                if loose
                else f"all pictures lie in one sub-folder ({some(map(str, self._names), 1)}): "
                "there are no classes"
            )
        return found

    def quick(self) -> bool:
        files = [self.path / file for each in self._files.values() for file in each]
        if len(files) > QUICK_FILES:
            return False
        try:
            return sum(os.stat(file).st_size for file in files) <= CHUNK_BYTES
        except OSError:
            return True

    def release(self) -> None:
        super().release()
        self._scans.clear()
        self._sound.clear()

    def _sound_files(self, split: str) -> list[Path]:
        """Return the files that can be decoded, found by decoding all files once."""
        if split not in self._sound:
            self._look_through({})
        return self._sound[split]

    def _look_through(self, scans: Mapping[str, ScanResult]) -> None:
        """Look through all splits that were not yet; warn of files that cannot be used.

        Raises:
            DataError: If they are too many.
        """
        with self._scanning:
            self._scans |= scans
            for split in self.splits:
                if split not in self._scans:
                    self._scans[split] = self._scan(split)
            self._report(
                {f: why for scan in self._scans.values() for f, why in scan.broken.items()}
            )
            for split, scan in self._scans.items():
                files = self._files[split]
                self._sound[split] = [file for file in files if file not in scan.broken]

    def _scan(self, split: str) -> ScanResult:
        """Decode all files of a split, or know what came of it before."""
        files = self._files[split]
        reading = {"split": split, "size": self._decoder.size, "channels": self._decoder.channels}
        cache = ScanCache(self.path, files, {**reading, "shape": self.spec.shape})
        scan = cache.load()
        if scan is None:
            log.debug("%s: looking through %s images of %r", self.name, f"{len(files):,}", split)
            scan = self._decode_all(files)
            if scan.broken:  # their number is hashed first
                again = self._decode_all([file for file in files if file not in scan.broken])
                scan = ScanResult(scan.broken, again.hashed, scan.pages)
            cache.save(scan)
        if scan.hashed is not None:
            self._hashed[split, ""] = scan.hashed
        return scan

    def _decode_all(self, files: Sequence[Path]) -> ScanResult:
        digest = self._new_digest(len(files))
        return self._decoder.decode_all(files, self.spec.shape, digest, self.chunk_size)

    def _fields(self, files: Sequence[Path]) -> dict[str, np.ndarray]:
        if not self._classes:
            return {}
        classes = [self._numbers[self._layout.class_of(file)] for file in files]
        return {"label": np.array(classes, np.int64)}

    def _field_parts(self, split: str, name: str) -> Iterator[np.ndarray]:
        if name == "label" and split not in self._loaded:  # without decoding the images
            yield self._fields(self._sound_files(split))[name]
        else:
            yield from super()._field_parts(split, name)

    def _report(self, broken: Mapping[Path, str]) -> None:
        """Warn once of the files that are skipped; refuse the folder if they are too many."""
        skipped = {self.path / file: reason for file, reason in broken.items()}
        if skipped == self.skipped:
            return
        total = sum(map(len, self._files.values()))
        shown = "; ".join(f"{file}: {reason}" for file, reason in sorted(broken.items())[:SHOWN])
        if len(broken) > SHOWN:
            shown += f"; and {len(broken) - SHOWN:,} more"
        message = f"{self.name}: {len(broken):,} of {total:,} pictures cannot be used"
        if len(broken) > MOST_BROKEN * total:
            raise DataError(f"{message} ({shown})", hint=how_to_mend(broken.values()))
        self.skipped = skipped
        log.warning("%s", printable(f"{message} and are skipped ({shown})", lines=False))

    @cached_property
    def _layout(self) -> Layout:
        self.available()
        return find_layout(self.path, self._subfolders)

    @cached_property
    def _files(self) -> dict[str, list[Path]]:
        """Each split's files, relative to the folder, in their order."""
        found = {str(split): _in_order(each) for split, each in self._layout.pictures.items()}
        files: dict[str, list[Path]] = {split: found.get(split, []) for split in SPLITS}
        pool, files["train"] = files["train"], []
        for file in pool:
            files[self._assign(file, taken=list(self._layout.folders))].append(file)
        if not files["train"]:
            raise DataError(
                f"{self.path}: validation and test leave no image of {len(pool)} to train on",
                hint="set dataset.validation=0 dataset.test=0, or bring more images",
            )
        return files

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

    @cached_property
    def _names(self) -> set[str | None]:
        """The names of the sub-folders that images lie in; ``None`` for those in none."""
        return {self._layout.class_of(file) for files in self._files.values() for file in files}

    @cached_property
    def _classes(self) -> list[str | None]:
        """The classes' names, sorted; empty unless every image has one, and not all the same."""
        known = None not in self._names and len(self._names) > 1
        return sorted(self._names, key=str) if known else []

    @cached_property
    def _numbers(self) -> dict[str | None, int]:
        return {name: number for number, name in enumerate(self._classes)}


def _in_order(files: Sequence[Path]) -> list[Path]:
    return sorted(files, key=lambda path: (_digest(path)[8:], path.as_posix()))


def _digest(file: Path) -> bytes:
    """Return the digest by which files are split and ordered."""
    return hashlib.sha256(file.as_posix().encode("utf-8", "surrogateescape")).digest()
