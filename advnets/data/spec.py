"""Declare what the examples of a data set look like."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..errors import DataError

Split = Literal["train", "validation", "test"]
"""A part of a data set."""
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""The splits that a source may have; ``train`` it must have."""


INDEX = "index"
"""The field that every data set has: an example's place in its split."""
RESERVED = (INDEX, "example", "latent")
"""Names that no data set can give to a field of its own."""
KIND = re.compile(r"[a-z][a-z0-9_]*")
"""What kinds of data are called: words of lower-case letters."""
AXES = {"image": ("height", "width", "channels"), "sequence": ("steps", "channels")}
"""What the numbers of a shape are, by the kinds of data that are drawn by them."""


@dataclass(frozen=True)
class Field:
    """Declare what comes with each example beside itself: its class, an image, numbers.

    Attributes:
        shape: Of one value, without the batch; ``()`` for a number.
        dtype: As stored: ``"int64"``, ``"uint8"``, ``"float32"``, …
        classes: How many classes there are, if the values are classes: integers from 0.
        low: The lower end of the values' range, or ``None`` if they have none.
        high: The upper end.
        kind: ``"image"`` for what is preprocessed as the data set's images are; else
            ``"vector"``, or any other word.
        names: The classes' names, if they have any.

    Raises:
        DataError: If these contradict each other.

    >>> Field((), "int64", classes=10).bytes
    8
    """

    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None
    low: float | None = None
    high: float | None = None
    kind: str = "vector"
    names: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _check_array(self, "field")
        if self.names and len(self.names) != self.classes:
            raise DataError(f"{len(self.names)} names for {self.classes or 'no'} classes")
        if self.classes is None:
            return
        if not isinstance(self.classes, int) or self.classes < 1:
            raise DataError(f"a field has at least one class, not {self.classes!r}")
        if np.dtype(self.dtype).kind not in "ui":
            raise DataError(f"classes are integers, not {self.dtype}")
        if self.low is not None or self.kind == "image":
            raise DataError("a field of classes has no other range, and is no image")

    @property
    def bytes(self) -> int:
        """Bytes of one stored value."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class DataSpec:
    """Declare the shape, type and range of one example, as stored.

    Attributes:
        shape: Of one example, without the batch: ``(28, 28, 1)`` for an image (height,
            width, channels), ``(2,)`` for a vector.
        dtype: As stored: ``"uint8"``, ``"float32"``, …
        low: The lower end of the data set's own range, or ``None`` if it has none.
        high: The upper end.
        kind: What examples are, and so how they are drawn: ``"image"``, ``"vector"``,
            ``"sequence"`` (steps, channels), or any other word, for which the data set itself
            draws them (:meth:`advnets.data.Source.picture`).
        fields: What comes with each example, by name; its class is called ``label``. Beside
            these, ``index``, an example's place in its split, is a field of every data set.

    Raises:
        DataError: If these contradict each other.

    >>> label = Field((), "int64", classes=10)
    >>> spec = DataSpec((28, 28, 1), "uint8", 0, 255, "image", {"label": label})
    >>> spec.size, spec.num_classes
    (784, 10)
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    high: float | None = None
    kind: str = "vector"
    fields: Mapping[str, Field] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.shape:
            raise DataError("an example's shape must be positive integers, not ()")
        _check_array(self, "data set")
        for name, declared in self.fields.items():
            if not isinstance(declared, Field):
                raise DataError(
                    f"field {name!r} is declared by {type(declared).__name__}",
                    hint='declare it by advnets.data.Field: {"label": Field((), "int64", '
                    "classes=10)}",
                )
            if name in RESERVED or not name.isidentifier():
                taken = "taken" if name in RESERVED else "no name of one word"
                raise DataError(f"a field cannot be called {name!r}: that is {taken}")

    @property
    def size(self) -> int:
        """Numbers in one example."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of one stored example, without its fields."""
        return self.size * np.dtype(self.dtype).itemsize

    @property
    def num_classes(self) -> int | None:
        """How many classes the labels have, or ``None`` without labels."""
        return self.fields["label"].classes if "label" in self.fields else None

    def field(self, name: str) -> Field:
        """Return the declaration of a field; of ``index`` too, which every data set has.

        Raises:
            DataError: If there is no such field.

        >>> DataSpec((2,), "float32").field("index").dtype
        'int64'
        """
        if name in self.fields:
            return self.fields[name]
        if name == INDEX:
            return Field((), "int64")
        raise DataError(
            f"the data set has no field {name!r}",
            hint=f"it has: {', '.join([*self.fields, INDEX])}",
        )

    def bytes_with(self, fields: Iterable[str]) -> int:
        """Count the bytes of one stored example and of these fields; ``index`` isn't stored."""
        return self.bytes + sum(self.field(name).bytes for name in fields if name != INDEX)


def _check_array(declared: Any, what: str) -> None:
    """Refuse a shape, type, kind or range that none can have."""
    if any(not isinstance(n, int) or n < 1 for n in declared.shape):
        raise DataError(f"a {what}'s shape must be positive integers, not {declared.shape!r}")
    if not isinstance(declared.kind, str) or not KIND.fullmatch(declared.kind):
        raise DataError(
            f"a {what}'s kind is a word, not {declared.kind!r:.60}",
            hint="image, vector, sequence, or a word of your own in lower-case letters",
        )
    axes = AXES.get(declared.kind, declared.shape)
    if len(declared.shape) != len(axes):
        which = "an" if declared.kind == "image" else "a"
        raise DataError(
            f"{which} {declared.kind}'s shape is ({', '.join(map(str, axes))}), "
            f"not {declared.shape!r}",
            hint="declare kind='vector' for anything else",
        )
    try:
        numeric = np.dtype(declared.dtype).kind in "uif"
    except TypeError:
        numeric = False
    if not numeric:
        raise DataError(f"{declared.dtype!r} is not a type of real numbers")
    if (declared.low is None) != (declared.high is None):
        raise DataError(f"a {what} declares both ends of its range, or neither")
    if declared.low is not None and not declared.low < declared.high:
        raise DataError(f"the range {declared.low} to {declared.high} is empty")
