"""Check examples, as a source reads them, against what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ..errors import DataError
from .spec import DataSpec, Field


class Examples(NamedTuple):
    """Hold what a source reads of one split: examples, and what comes with each of them.

    Attributes:
        examples: Array [N, *shape].
        fields: Name → array [N, …]. A split may lack fields that the data set declares.

    >>> Examples(np.zeros((2, 3)), {"label": np.array([0, 1])}).labels
    array([0, 1])
    """

    examples: np.ndarray
    fields: Mapping[str, np.ndarray] = MappingProxyType({})

    @property
    def labels(self) -> np.ndarray | None:
        """The field ``label``, [N], or ``None``."""
        return self.fields.get("label")


def check_examples(read: Examples, spec: DataSpec, where: str) -> Examples:
    """Check what was read against the spec, so that a bad source fails where it is read.

    Args:
        read: A whole split, or a part of one.
        spec: What the source declares.
        where: Source and split, for the message.

    Returns:
        The same examples, with fields of classes in the type that is declared.

    Raises:
        DataError: If shape, type or range are others, if numbers are not finite, if there
            isn't one value of a field for each example, or if a field isn't declared.

    >>> spec = DataSpec((2,), "float32", 0, 1)
    >>> check_examples(Examples(np.array([[0.5, 2.0]], "float32")), spec, "coin")
    Traceback (most recent call last):
        ...
    advnets.errors.DataError: coin: values reach from 0.5 to 2.0; the data set declares 0 to 1
      hint: declare the range that they have (npz: low and high)
    """
    _check_numbers(read.examples, spec, "examples", "values", where)
    fields = {}
    for name, values in read.fields.items():
        if name not in spec.fields:
            raise DataError(
                f"it has a field {name!r}, which the data set does not declare",
                hint='declare it in its spec: DataSpec(…, fields={"label": Field((), "int64", '
                "classes=10)})",
                where=where,
            )
        fields[name] = _check_field(
            np.asarray(values), len(read.examples), spec.fields[name], name, where
        )
    return Examples(read.examples, fields)


def _check_field(values: np.ndarray, count: int, field: Field, name: str, where: str) -> np.ndarray:
    what = f"values of {name!r}"
    if values.shape[:1] != (count,):
        raise DataError(f"{count:,} examples, but {name!r} of shape {values.shape}", where=where)
    if field.classes is None:
        _check_numbers(values, field, what, what, where)
        return values
    if values.dtype.kind not in "ui" or values.shape[1:] != field.shape:
        raise DataError(
            f"{what} are {values.dtype} of shape {values.shape[1:]}; integers of shape "
            f"{field.shape}, from 0 to {field.classes - 1}, are declared",
            where=where,
        )
    if count and not 0 <= values.min() <= values.max() < field.classes:
        raise DataError(
            f"{what} reach from {values.min()} to {values.max()}; the classes are 0 to "
            f"{field.classes - 1}",
            where=where,
        )
    return values.astype(field.dtype, copy=False)


def _check_numbers(
    values: np.ndarray, declared: DataSpec | Field, each: str, what: str, where: str
) -> None:
    """Check shape, type and range of numbers, and that they are finite."""
    if values.shape[1:] != declared.shape or values.dtype != np.dtype(declared.dtype):
        raise DataError(
            f"{each} are {values.dtype} of shape {values.shape[1:]}; the data set "
            f"declares {declared.dtype} of shape {declared.shape}",
            where=where,
        )
    if values.dtype.kind == "f" and not (good := np.isfinite(values)).all():
        bad = int((~good.reshape(len(values), -1).all(axis=1)).sum())
        first = int((~good.reshape(len(values), -1).all(axis=1)).argmax())
        raise DataError(
            f"{bad:,} of {len(values):,} {each} hold NaN or infinity, the first at {first:,}",
            hint="leave them out, or fill them in: no network learns from them",
            where=where,
        )
    if declared.low is not None and declared.high is not None and len(values):
        low, high = values.min(), values.max()
        if low < declared.low or high > declared.high:
            raise DataError(
                f"{what} reach from {low} to {high}; the data set declares "
                f"{declared.low} to {declared.high}",
                hint="declare the range that they have (npz: low and high)",
                where=where,
            )
