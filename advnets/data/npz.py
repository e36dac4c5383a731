"""Arrays from a NumPy archive (.npz)."""

from __future__ import annotations

import difflib
import os
import zipfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from .examples import Examples
from .probe import DataUnavailable
from .source import Source
from .spec import SPLITS, DataSpec


class Npz(Source):
    """One array per split, [N, *shape], from a ``.npz`` file; pickled objects are refused.

    Arrays of rank 4 are images [N, height, width, channels], and so are uint8 arrays of
    rank 3, which get one channel; the rest are vectors, those of rank 1 of one number each.
    float64 is read as float32, bool as uint8. An array called like a split's with ``_labels``
    appended holds its labels, integers from 0.

    Args:
        path: The file; relative to the current folder.
        train: Name of the training split's array.
        validation: Likewise; by default ``validation``, if there is one.
        test: Likewise; by default ``test``, if there is one.
        low: The lower end of the range; by default 0 for uint8, and none for other types.
        high: The upper end; by default 255 for uint8.
        preprocess: See :class:`advnets.DatasetParameters`.
    """

    name = "npz"

    def __init__(
        self,
        path: str | os.PathLike[str],
        train: str = "train",
        validation: str | None = None,
        test: str | None = None,
        low: float | None = None,
        high: float | None = None,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.path = Path(path).expanduser()
        self.name = f"npz {path}"  # type: ignore[misc]
        self._asked = {"train": train, "validation": validation, "test": test}
        self._range = (low, high)

    def available(self) -> None:
        if not self.path.exists():
            raise DataUnavailable(
                f"there is no file {self.path}",
                hint="give its path, relative to the current folder: dataset.path=DIR/FILE.npz",
            )

    @cached_property
    def splits(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(s for s in SPLITS if self._asked[s] or s in self._headers)

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        shape, stored = self._header(self._asked["train"] or "train")
        shape = _with_channels(shape, stored)
        dtype = _kept(stored)
        low, high = self._range
        if low is None and high is None and dtype == np.uint8:
            low, high = 0, (1 if stored.kind == "b" else 255)
        kind = "image" if len(shape) == 4 else "vector"
        classes = self._classes()
        return DataSpec(shape[1:], dtype.name, low, high, kind, classes)  # type: ignore[arg-type]

    def read(self, split: str) -> Examples:
        key = self._asked[split] or split
        shape, stored = self._header(key)
        self.check_budget(split, shape[0])
        array = self._array(key)
        examples = array.astype(_kept(stored), copy=False).reshape(_with_channels(shape, stored))
        return Examples(np.ascontiguousarray(examples), self._labels(split))

    def _labels(self, split: str) -> np.ndarray | None:
        key = f"{self._asked[split] or split}_labels"
        if key not in self._headers:
            return None
        labels = self._array(key)
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min(initial=0) < 0:
            raise DataError(f"{self.name}: {key!r} is not one integer from 0 for each example")
        return labels.astype(np.int64)

    def _classes(self) -> int | None:
        found = [self._labels(split) for split in self.splits]
        known = [int(labels.max(initial=0)) + 1 for labels in found if labels is not None]
        return max(known) if known else None

    @cached_property
    def _headers(self) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and type of each array in the file, read without the arrays themselves."""
        self.available()
        headers = {}
        try:
            with zipfile.ZipFile(self.path) as archive:
                for member in archive.namelist():
                    if member.endswith(".npy"):
                        with archive.open(member) as file:
                            headers[member.removesuffix(".npy")] = _read_header(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(
                f"{self.path} is no .npz archive that can be read: {error}",
                hint="write it with numpy.savez or numpy.savez_compressed",
            ) from error
        return headers

    def _header(self, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        if key not in self._headers:
            near = difflib.get_close_matches(key, self._headers, n=1)
            names = ", ".join(self._headers) or "no arrays"
            raise DataError(
                f"{self.path} has no array {key!r}",
                hint=(f"did you mean {near[0]!r}? " if near else "") + f"it has: {names}",
            )
        shape, dtype = self._headers[key]
        if dtype.hasobject:
            raise DataError(
                f"{self.path}: {key!r} holds pickled Python objects, which are not read",
                hint="store an array of numbers",
            )
        if dtype.kind not in "uifb" or not shape:
            raise DataError(f"{self.path}: {key!r} is no array of real numbers, one per example")
        return shape, dtype

    def _array(self, key: str) -> np.ndarray:
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                return np.asarray(archive[key])
        except Exception as error:
            raise DataError(f"{self.path}: {key!r} cannot be read: {error}") from error


def _read_header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"version {version} of the .npy format is not known")
    shape, _, dtype = read(file)
    return shape, dtype


def _kept(stored: np.dtype[Any]) -> np.dtype[Any]:
    """The type in memory for a type on disk."""
    if stored.kind == "b":
        return np.dtype(np.uint8)
    if stored == np.float64:
        return np.dtype(np.float32)
    return stored.newbyteorder("=")


def _with_channels(shape: tuple[int, ...], stored: np.dtype[Any]) -> tuple[int, ...]:
    if len(shape) == 1 or (len(shape) == 3 and stored == np.uint8):
        return (*shape, 1)
    return shape
