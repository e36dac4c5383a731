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

from ...builtin.datasets import NpzParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ...safe_io import is_there
from ...safe_io.reading import as_path
from ...safe_io.wording import some
from ..examples import Examples
from ..probe import DataUnavailable
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from .array_names import LABELS, find_examples, find_partner, in_split, refuse_unnamed
from .array_types import (
    LABELLED,
    NUMBERED,
    add_channels,
    as_field,
    check_numbers,
    describe_array,
    lay_out,
    may_be_labels,
    memory_dtype,
    own_range,
    remark_on_shape,
)
from .npy_arrays import NpyArrays, open_arrays
from .npy_header import Header
from .tables import refuse_empty, refuse_table

QUICK_BYTES = 2**28
"""Of arrays that are read within seconds."""


class Npz(Source):
    """Read one array per split, [N, *shape], from NumPy's files; refuse pickled objects.

    Arrays of rank 4 are images [N, height, width, channels], and so are uint8 and bool arrays
    of rank 3, which get one channel; the rest are vectors, those of rank 1 of one number each.
    float64 is read as float32, bool as uint8. An array called like a split's with ``_labels``
    appended holds its labels, integers from 0; one with ``_NAME`` appended the field NAME, if
    ``fields`` names it. Other usual names do as well, where they leave no doubt: ``x_train``,
    ``y_train``, ``x_test``; ``train_images``, ``train_labels``, ``val_images``; ``arr_0``.

    Of a split larger than the memory budget, only the rows that the game needs are read. That
    needs a ``.npy`` file, or an archive that isn't compressed (``numpy.savez``).

    Args:
        path: A ``.npz`` file, a ``.npy`` file (which holds the training split), or a folder
            of ``.npy`` files; relative to the current folder.
        train: Name of the training split's array, if it has no usual one.
        validation: Likewise; by default the array of a usual name, if there is one.
        test: Likewise.
        labels: Name of the array that holds the training split's labels; those of the other
            splits are called alike. Or a name for each split.
        channels: Where channels stand in arrays of rank 4: ``last``, as assumed, or ``first``.
            An array that looks like the other is refused without it.
        kind: ``sequence`` for arrays [N, steps, channels], or [N, steps], which are drawn as
            curves; by default arrays of rank 4 are images, and all others vectors.
        fields: What else comes with each example: name → ``{"classes": N}`` for integers
            from 0 to N - 1, ``{"kind": "image"}`` for an image, ``{}`` for numbers. The
            training split has all of them; another may lack some.
        low: The lower end of the range; by default 0 for uint8, and none for other types.
        high: The upper end; by default 255 for uint8.
        preprocess: See :class:`advnets.DatasetParameters`.
    """

    name = "npz"

    @validated_by(NpzParameters)
    def __init__(
        self,
        path: str | os.PathLike[str],
        train: str = "train",
        validation: str | None = None,
        test: str | None = None,
        labels: str | Mapping[str, str] | None = None,
        channels: Literal["first", "last"] | None = None,
        kind: Literal["sequence"] | None = None,
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
        self._label_names, self._channels = labels, channels
        self._range, self._kind = (low, high), kind

    def available(self) -> None:
        if not is_there(self.path):
            raise DataUnavailable(
                f"there is no file {self.path}",
                hint="give its path, relative to the current folder: dataset.path=DIR/FILE.npz; a "
                "run whose data have been moved goes on with their new place",
            )
        if not self.path.is_dir():
            refuse_table(self.path)

    @cached_property
    def splits(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self._keys)

    @cached_property
    def _keys(self) -> dict[str, str]:
        """The names of the splits' arrays, by split."""
        found = find_examples(self._headers)
        keys: dict[str, str] = {}
        for split in SPLITS:
            name = self._names[split]
            if name == "train" and split == "train" and name not in self._headers:
                name = None  # the default
            usual = [one for one in found.get(split, []) if one not in self._names.values()]
            if name is None and len(usual) > 1:
                raise DataError(
                    f"{self.path}: {some(usual, 4)} may each be the {split} split",
                    hint=f"name it: dataset.{split}={usual[0]}",
                )
            if name is not None or usual or split == "train":
                keys[split] = name or (usual or ["train"])[0]
        return keys

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        key = self._keys["train"]
        shape, stored = self._header(key)
        shape = add_channels(self._lay_out(shape, key), stored, self._kind)
        dtype = memory_dtype(stored)
        low, high = self._range
        if low is None and high is None:
            low, high = own_range(stored)
        kind = self._kind or ("image" if len(shape) == 4 else "vector")
        classes = self._classes()
        fields = {} if classes is None else {"label": Field((), "int64", classes=classes)}
        fields |= {name: self._declare(name) for name in self._named}
        for other in self._keys.values():  # a metric would meet it hours later
            if (found := self._describe(other)) != (own := self._describe(key)):
                raise DataError(
                    f"{self.path}: {other!r} is {found}, but {key!r} is {own}",
                    hint="splits are alike in shape and type: store both alike",
                )
        return DataSpec(shape[1:], dtype.name, low, high, kind, fields)

    def _describe(self, key: str) -> str:
        """Return in which type and shape an array is taken, by its header."""
        shape, stored = self._header(key)
        return describe_array(add_channels(self._lay_out(shape, key), stored, self._kind), stored)

    def read(self, split: str) -> Examples:
        key = self._keys[split]
        shape, stored = self._header(key)
        self.check_budget(split, shape[0])
        labels = self._labels(split)
        fields = {} if labels is None else {"label": labels}
        for name, of in self._field_keys(split).items():
            fields[name] = self._convert_field(name, self._array(of))
        return Examples(self._convert(self._array(key), stored), fields)

    def count(self, split: str) -> int:
        self.check_split(split)
        return self._header(self._keys[split])[0][0]

    def reads_parts(self, split: str) -> bool:
        self.check_split(split)
        key = self._keys[split]
        self._header(key)
        return all(map(self._arrays.has_rows, [key, *self._field_keys(split).values()]))

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        key = self._keys[split]
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

    def labels(self, split: str) -> np.ndarray | None:
        self.check_split(split)
        return self._labels(split)

    def known(self, split: str) -> tuple[int | None, np.ndarray | None]:
        return self.count(split), self._labels(split)

    def left_out(self) -> dict[str, list[str]]:
        labels = {s: self._find_labels(s)[0] for s in self.splits if self._labels(s) is not None}
        read = {*self._keys.values(), *labels.values()}
        meant = set[str]()
        for split, of in self._keys.items():
            read |= set(self._field_keys(split).values())
            if self._label_names is None and split not in labels:
                meant |= set(find_partner(self._headers, of, LABELS))
        unread = [name for name in self._headers if name not in read]
        found = {"arrays that nothing reads": [name for name in unread if name not in meant]}
        found[f"no labels: {LABELLED}"] = [name for name in unread if name in meant]
        return {why: names for why, names in found.items() if names}

    def remarks(self) -> list[str]:
        empty = [f"the {one} split has no examples" for one in self.splits if not self.count(one)]
        return empty + (remark_on_shape(self.spec.shape) if self._kind is None else [])

    def quick(self) -> bool:
        return sum(self._headers[key].bytes for key in self._keys.values()) <= QUICK_BYTES

    def _convert(self, array: np.ndarray, stored: np.dtype[Any]) -> np.ndarray:
        converted = array.astype(memory_dtype(stored), copy=False)
        laid_out = self._channels_last(converted)
        return np.ascontiguousarray(
            laid_out.reshape(add_channels(laid_out.shape, stored, self._kind))
        )

    def _channels_last(self, array: np.ndarray) -> np.ndarray:
        first = self._channels == "first" and array.ndim == 4
        return np.moveaxis(array, 1, -1) if first else array

    def _lay_out(self, shape: tuple[int, ...], key: str) -> tuple[int, ...]:
        return lay_out(shape, self._channels, f"{self.path}: {key!r}")

    def _field_keys(self, split: str) -> dict[str, str]:
        """Return the arrays of the named fields that a split has, by the fields' names."""
        of = self._keys[split]
        found = {}
        for name in self._named:
            key = f"{of}_{name}"
            if key not in self._headers:
                key = next(iter(find_partner(self._headers, of, [name])), key)
            if split == "train" and key not in self._headers:
                refuse_unnamed(str(self.path), self._headers, of, name, key)
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
        if kind == "image":
            shape = as_field(self._lay_out(shape, self._field_keys("train")[name]), kind)
        return Field(shape[1:], memory_dtype(stored).name, None, *own_range(stored), kind)

    def _convert_field(self, name: str, array: np.ndarray) -> np.ndarray:
        kind = self._named[name].get("kind", "vector")
        converted = array.astype(memory_dtype(array.dtype), copy=False)
        if kind == "image":
            converted = self._channels_last(converted)
        return np.ascontiguousarray(converted.reshape(as_field(converted.shape, kind)))

    def _rows(self, key: str, indices: np.ndarray) -> np.ndarray:
        with self._explain_errors(key):
            return self._arrays.read_rows(key, indices)

    def _labels(self, split: str) -> np.ndarray | None:
        if split not in self._known_labels:
            key, sure = self._find_labels(split)
            self._known_labels[split] = (
                None if key is None else self._read_labels(key, self._keys[split], sure)
            )
        return self._known_labels[split]

    def _find_labels(self, split: str) -> tuple[str | None, bool]:
        """Return the name of the array of a split's labels, and whether it was given or is plain.

        What only may be labels, by its name, has to look like them.
        """
        of, given = self._keys[split], self._label_names
        if isinstance(given, Mapping):
            return given.get(split), True
        if given is not None:
            name = given if split == "train" else in_split(given, of)
            alike = name != given and name in self._headers
            return (name if split == "train" or alike else None), True
        if f"{of}_labels" in self._headers:
            return f"{of}_labels", True
        likely = find_partner(self._headers, of, LABELS)
        fitting = [key for key in likely if may_be_labels(self._headers[key])]
        return (fitting[0] if fitting else None), False

    def _read_labels(self, key: str, of: str, sure: bool) -> np.ndarray | None:
        shape, dtype = self._header(key)
        integers = dtype.kind in "iu" and shape[1:] in ((), (1,))
        if integers:
            self._check_count(key, of)
        if not integers or (labels := self._array(key)).min(initial=0) < 0:
            if not sure:
                return None
            raise DataError(
                f"{self.name}: {key!r} is not one integer from 0 for each example",
                hint="numpy.argmax(labels, axis=1) makes them of one-hot vectors"
                if len(shape) == 2 and shape[1] > 1
                else NUMBERED,
            )
        return labels.reshape(-1).astype(np.int64)

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
            if not self._headers:
                refuse_empty(self.path)
            near = difflib.get_close_matches(key, self._headers, n=1)
            hint = (f"did you mean {near[0]!r}? " if near else "") + "it has: "
            raise DataError(
                f"{self.path} has no array {key!r}", hint=hint + some(self._headers, 20)
            )
        shape, dtype = self._headers[key][:2]
        check_numbers(f"{self.path}: {key!r}", shape, dtype)
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
