"""A small labelled data set of any shape, for what judges examples."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from ..data import SPLITS, DataSpec, Examples, Field, Source, Split

CLASSES, COUNT = 3, 50


class Classes(Source):
    """Three random points of the unit cube, and noise about them.

    Args:
        shape: Of an example.
        fields: That come with it besides its label.

    >>> Classes((2,)).load("test").shape
    (50, 2)
    """

    name = "classes"

    def __init__(self, shape: tuple[int, ...], fields: Mapping[str, Field] | None = None):
        super().__init__()
        self._shape = shape
        self._fields = {"label": Field((), "int64", classes=CLASSES), **(fields or {})}

    @property
    def spec(self) -> DataSpec:
        kind: Literal["image", "vector"] = "image" if len(self._shape) == 3 else "vector"
        return DataSpec(self._shape, "float32", 0, 1, kind, self._fields)

    @property
    def splits(self) -> tuple[Split, ...]:
        return SPLITS

    def read(self, split: str) -> Examples:
        centres = np.random.default_rng(0).uniform(0.3, 0.7, (CLASSES, *self.spec.shape))
        draw = np.random.default_rng([1, SPLITS.index(split)])  # type: ignore[arg-type]
        labels = draw.integers(0, CLASSES, COUNT)
        noise = draw.uniform(-0.2, 0.2, (COUNT, *self.spec.shape))
        found = {name: self._values(name, draw) for name in self._fields if name != "label"}
        examples = (centres[labels] + noise).astype("float32")
        return Examples(examples, {"label": labels % (self._fields["label"].classes or 1), **found})

    def _values(self, name: str, draw: np.random.Generator) -> np.ndarray:
        """Values of a further field, as it says."""
        field = self._fields[name]
        if field.classes is not None:
            return draw.integers(0, field.classes, (COUNT, *field.shape)).astype(field.dtype)
        low, high = (0, 1) if field.low is None or field.high is None else (field.low, field.high)
        return draw.uniform(low, high, (COUNT, *field.shape)).astype(field.dtype)


@functools.cache
def cache() -> Path:
    """A folder for what is learnt on these data, removed when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="advnets-features-")
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []
