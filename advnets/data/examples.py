"""Check examples, as a source reads them, against what it declares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import DataError
from .spec import DataSpec


class Examples(NamedTuple):
    """Hold what a source reads of one split: examples [N, *shape], labels [N] or ``None``."""

    examples: np.ndarray
    labels: np.ndarray | None = None


def check_examples(read: Examples, spec: DataSpec, where: str) -> Examples:
    """Check what was read against the spec, so that a bad source fails where it is read.

    Args:
        read: A whole split, or a part of one.
        spec: What the source declares.
        where: Source and split, for the message.

    Returns:
        The same examples, with labels of int64.

    Raises:
        DataError: If shape, type or range are others, if numbers are not finite, or if there
            isn't one label for each example.

    >>> spec = DataSpec((2,), "float32", 0, 1)
    >>> check_examples(Examples(np.array([[0.5, 2.0]], "float32")), spec, "coin")
    Traceback (most recent call last):
        ...
    advnets.errors.DataError: coin: values reach from 0.5 to 2.0; the data set declares 0 to 1
    """
    examples, labels = read.examples, read.labels
    if examples.shape[1:] != spec.shape or examples.dtype != np.dtype(spec.dtype):
        raise DataError(
            f"examples are {examples.dtype} of shape {examples.shape[1:]}; the data set "
            f"declares {spec.dtype} of shape {spec.shape}",
            where=where,
        )
    if examples.dtype.kind == "f" and not (good := np.isfinite(examples)).all():
        bad = int((~good.reshape(len(examples), -1).all(axis=1)).sum())
        raise DataError(f"{bad:,} examples hold NaN or infinity", where=where)
    if spec.low is not None and spec.high is not None and len(examples):
        low, high = examples.min(), examples.max()
        if low < spec.low or high > spec.high:
            raise DataError(
                f"values reach from {low} to {high}; the data set declares "
                f"{spec.low} to {spec.high}",
                where=where,
            )
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != (len(examples),):
            raise DataError(
                f"{len(examples):,} examples, but labels of shape {labels.shape}", where=where
            )
        labels = labels.astype(np.int64)
    return Examples(examples, labels)
