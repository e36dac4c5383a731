"""Declare what the examples of a data set look like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import DataError

Split = Literal["train", "validation", "test"]
"""A part of a data set."""
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""The splits that a source may have; ``train`` it must have."""


@dataclass(frozen=True)
class Field:
    """Declare what comes with every example: a label, a caption's vector, a mask.

    Attributes:
        shape: Of one value, without the batch: ``()`` for a label.
        dtype: As stored.
        classes: How many classes its numbers stand for, or ``None`` if they are quantities.
        low: The lower end of its range, or ``None`` if it has none.
        high: The upper end.
        kind: ``"image"`` or ``"vector"``: how it is preprocessed and drawn.

    >>> Field((), "int64", classes=10).classes
    10
    """

    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None
    low: float | None = None
    high: float | None = None
    kind: str = "vector"


@dataclass(frozen=True)
class DataSpec:
    """Declare the shape, type and range of one example, as stored.

    Attributes:
        shape: Of one example, without the batch: ``(28, 28, 1)`` for an image (height,
            width, channels), ``(2,)`` for a vector.
        dtype: As stored: ``"uint8"``, ``"float32"``, …
        low: The lower end of the data set's own range, or ``None`` if it has none.
        high: The upper end.
        kind: ``"image"`` or ``"vector"``: how examples are drawn on the screen.
        num_classes: How many classes the labels have, or ``None`` without labels.

    Raises:
        DataError: If the fields contradict each other.

    >>> DataSpec((28, 28, 1), "uint8", 0, 255, "image", 10).size
    784
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    high: float | None = None
    kind: Literal["image", "vector"] = "vector"
    num_classes: int | None = None

    def __post_init__(self) -> None:
        if not self.shape or any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise DataError(f"an example's shape must be positive integers, not {self.shape!r}")
        if self.kind not in ("image", "vector"):
            raise DataError(f"a data set's kind is 'image' or 'vector', not {self.kind!r}")
        if self.kind == "image" and len(self.shape) != 3:
            raise DataError(
                f"an image's shape is (height, width, channels), not {self.shape!r}",
                hint="declare kind='vector' for anything else",
            )
        try:
            numeric = np.dtype(self.dtype).kind in "uif"
        except TypeError:
            numeric = False
        if not numeric:
            raise DataError(f"{self.dtype!r} is not a type of real numbers")
        if (self.low is None) != (self.high is None):
            raise DataError("a data set declares both ends of its range, or neither")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise DataError(f"the range {self.low} to {self.high} is empty")

    @property
    def size(self) -> int:
        """Numbers in one example."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of one stored example."""
        return self.size * np.dtype(self.dtype).itemsize
