"""Read arrays from a NumPy archive (.npz), a .npy file, or a folder of them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from ...errors import DataError
from ...safe_io import is_there
from ...safe_io.reading import as_path
from ..examples import Examples
from ..probe import DataUnavailable
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from .npy_arrays import NpyArrays, open_arrays
from .npy_header import Header


class Npz(Source):
    """Read one array per split, [N, *shape], from NumPy's files; refuse pickled objects.

    Arrays of rank 4 are images [N, height, width, channels], and so are uint8 arrays of
    rank 3, which get one channel; the rest are vectors, those of rank 1 of one number each.
    float64 is read as float32, bool as uint8. An array called like a split's with ``_labels``
    appended holds its labels, integers from 0; one with ``_NAME`` appended the field NAME, if
    ``fields`` names it.

    Of a split larger than the memory budget, only the rows that the game needs are read. That
    needs a ``.npy`` file, or an archive that isn't compressed (``numpy.savez``).

    Args:
        path: A ``.npz`` file, a ``.npy`` file (which holds the training split), or a folder
            of ``.npy`` files; relative to the current folder.
        train: Name of the training split's array.
        validation: Likewise; by default ``validation``, if there is one.
        test: Likewise; by default ``test``, if there is one.
        fields: What else comes with each example: name → ``{"classes": N}`` for integers
            from 0 to N - 1, ``{"kind": "image"}`` for an image, ``{}`` for numbers. The
            training split has all of them; another may lack some.
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
        fields: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        low: float | None = None,
        high: float | None = None,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.path = as_path(path)
        self.name = f"npz {path}"  # type: ignore[misc]
        self._known_labels: dict[str, np.ndarray | None] = {}
        self._named = dict(fields)
        self._names = {"train": train, "validation": validation, "test": test}
        self._range = (low, high)

    def available(self) -> None:
        if not is_there(self.path):
            raise DataUnavailable(
                f"there is no file {self.path}",
                hint="give its path, relative to the current folder: dataset.path=DIR/FILE.npz",
            )

    @cached_property
    def splits(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(s for s in SPLITS if self._names[s] or s in self._headers)

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        shape, stored = self._header(self._names["train"] or "train")
        shape = _add_channels(shape, stored)
        dtype = _memory_dtype(stored)
        low, high = self._range
        if low is None and high is None:
            low, high = _own_range(stored)
        kind: Literal["image", "vector"] = "image" if len(shape) == 4 else "vector"
        classes = self._classes()
        fields = {} if classes is None else {"label": Field((), "int64", classes=classes)}
        fields |= {name: self._declare(name) for name in self._named}
        return DataSpec(shape[1:], dtype.name, low, high, kind, fields)

    def read(self, split: str) -> Examples:
        key = self._names[split] or split
        shape, stored = self._header(key)
        self.check_budget(split, shape[0])
        labels = self._labels(split)
        fields = {} if labels is None else {"label": labels}
        for name, of in self._field_keys(split).items():
            fields[name] = self._convert_field(name, self._array(of))
        return Examples(self._convert(self._array(key), stored), fields)

    def count(self, split: str) -> int:
        self.check_split(split)
        return self._header(self._names[split] or split)[0][0]

    def reads_parts(self, split: str) -> bool:
        key = self._names[split] or split
        self._header(key)
        return all(map(self._arrays.has_rows, [key, *self._field_keys(split).values()]))

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        key = self._names[split] or split
        stored, labels = self._header(key)[1], self._labels(split)
        fields = {} if labels is None else {"label": labels[indices]}
        for name, of in self._field_keys(split).items():
            fields[name] = self._convert_field(name, self._rows(of, indices))
        return Examples(self._convert(self._rows(key, indices), stored), fields)

    @property
    def _other_way(self) -> str:
        return (
            "store it so that it can be read in parts: in an archive that is not compressed "
            "(numpy.savez), or in a folder of .npy files"
        )

    def _convert(self, array: np.ndarray, stored: np.dtype[Any]) -> np.ndarray:
        converted = array.astype(_memory_dtype(stored), copy=False)
        return np.ascontiguousarray(converted.reshape(_add_channels(array.shape, stored)))

    def _field_keys(self, split: str) -> dict[str, str]:
        """Return the arrays of the named fields that a split has, by the fields' names."""
        of = self._names[split] or split
        found = {}
        for name in self._named:
            key = f"{of}_{name}"
            if key in self._headers or split == "train":
                self._check_count(key, of)
                found[name] = key
        return found

    def _check_count(self, key: str, of: str) -> None:
        """Refuse another number of values than of examples, before the values are read."""
        there, count = self._header(key)[0][0], self._header(of)[0][0]
        if there != count:
            raise DataError(f"{self.name}: {there:,} {key!r} for {count:,} examples")

    def _declare(self, name: str) -> Field:
        options = self._named[name]
        shape, stored = self._header(self._field_keys("train")[name])
        classes, kind = options.get("classes"), options.get("kind", "vector")
        if classes is not None:
            if stored.kind not in "ui":
                raise DataError(f"{self.name}: {name!r} is {stored}; classes are integers")
            return Field(shape[1:], stored.newbyteorder("=").name, classes=classes)
        shape = _as_field(shape, kind)
        return Field(shape[1:], _memory_dtype(stored).name, None, *_own_range(stored), kind)

    def _convert_field(self, name: str, array: np.ndarray) -> np.ndarray:
        kind = self._named[name].get("kind", "vector")
        converted = array.astype(_memory_dtype(array.dtype), copy=False)
        return np.ascontiguousarray(converted.reshape(_as_field(array.shape, kind)))

    def _rows(self, key: str, indices: np.ndarray) -> np.ndarray:
        with self._explain_errors(key):
            return self._arrays.read_rows(key, indices)

    def _labels(self, split: str) -> np.ndarray | None:
        if split not in self._known_labels:
            self._known_labels[split] = self._read_labels(self._names[split] or split)
        return self._known_labels[split]

    def _read_labels(self, of: str) -> np.ndarray | None:
        key = f"{of}_labels"
        if key not in self._headers:
            return None
        shape, dtype = self._header(key)
        if len(shape) == 1:
            self._check_count(key, of)
        integers = len(shape) == 1 and dtype.kind in "iu"
        if not integers or (labels := self._array(key)).min(initial=0) < 0:
            raise DataError(f"{self.name}: {key!r} is not one integer from 0 for each example")
        return labels.astype(np.int64)

    def _classes(self) -> int | None:
        found = [self._labels(split) for split in self.splits]
        known = [int(labels.max(initial=0)) + 1 for labels in found if labels is not None]
        return max(known) if known else None

    @cached_property
    def _arrays(self) -> NpyArrays:
        self.available()
        return open_arrays(self.path)

    @property
    def _headers(self) -> dict[str, Header]:
        return self._arrays.headers

    def _header(self, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        if key not in self._headers:
            near = difflib.get_close_matches(key, self._headers, n=1)
            names = ", ".join(self._headers) or "no arrays"
            raise DataError(
                f"{self.path} has no array {key!r}",
                hint=(f"did you mean {near[0]!r}? " if near else "") + f"it has: {names}",
            )
        shape, dtype = self._headers[key][:2]
        if dtype.hasobject:
            raise DataError(
                f"{self.path}: {key!r} holds pickled Python objects, which are not read",
                hint="store an array of numbers",
            )
        if dtype.kind not in "uifb" or not shape:
            raise DataError(f"{self.path}: {key!r} is no array of real numbers, one per example")
        if 0 in shape[1:]:
            raise DataError(f"{self.path}: {key!r} has examples of no numbers: shape {shape}")
        return shape, dtype

    def _array(self, key: str) -> np.ndarray:
        with self._explain_errors(key):
            return self._arrays.read(key)

    @contextmanager
    def _explain_errors(self, key: str) -> Iterator[None]:
        """Report what goes wrong with an array under its name."""
        try:
            yield
        except Exception as error:
            raise DataError(f"{self.path}: {key!r} cannot be read: {error}") from error


def _memory_dtype(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in memory for a type on disk."""
    if stored.kind == "b":
        return np.dtype(np.uint8)
    if stored == np.float64:
        return np.dtype(np.float32)
    return stored.newbyteorder("=")


def _own_range(stored: np.dtype[Any]) -> tuple[float | None, float | None]:
    """Return the range that numbers of a type have, if they have one."""
    if stored.kind == "b":
        return 0, 1
    return (0, 255) if stored == np.uint8 else (None, None)


def _as_field(shape: tuple[int, ...], kind: str) -> tuple[int, ...]:
    """Return the shape of a field's values: images without channels get one."""
    return (*shape, 1) if kind == "image" and len(shape) == 3 else shape


def _add_channels(shape: tuple[int, ...], stored: np.dtype[Any]) -> tuple[int, ...]:
    if len(shape) == 1 or (len(shape) == 3 and stored == np.uint8):
        return (*shape, 1)
    return shape
