"""Preprocess stored examples for the networks, and invert that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .spec import DataSpec, Field

if TYPE_CHECKING:
    import tensorflow as tf

AFFINE = {"unit": (0.0, 1.0), "symmetric": (-1.0, 1.0)}
SMALLEST_DIVISOR = 1e-8
"""Global contrast normalisation leaves examples alone whose divisor is smaller."""


class Preprocess:
    """Preprocess examples as a recipe's ``dataset.preprocess`` says, and invert that.

    * ``none``: y = x;
    * ``unit``: y = (x - low) / (high - low), in [0, 1];
    * ``symmetric``: y = 2 (x - low) / (high - low) - 1, in [-1, 1];
    * ``{gcn: s}``: y = (x - mean(x)) / (‖x - mean(x)‖ / s) over all numbers of the example;
      a divisor below 1e-8 becomes 1. s = 55 is what Goodfellow et al. 2014 used for
      CIFAR-10;
    * ``auto``: ``unit`` for uint8 images, ``none`` for everything else.

    Args:
        entry: One of the above, as a string or as ``{"gcn": s}``.
        spec: What the stored examples look like.
        statistics: For ``gcn``, called at the first :meth:`invert`; returns the training
            set's mean of the examples' means and mean of their norms.

    Attributes:
        name: ``none``, ``unit``, ``symmetric`` or ``gcn``: what ``auto`` came to.
        range: The ends of the interval that preprocessed examples lie in, or ``None``.

    Raises:
        DataError: If the entry is none of these, or needs a range that the data set lacks.

    >>> spec = DataSpec((1, 1, 1), "uint8", 0, 255, "image")
    >>> Preprocess("symmetric", spec).invert(np.array([[[[-1.0]]], [[[1.0]]]])).ravel()
    array([  0., 255.], dtype=float32)
    """

    def __init__(
        self,
        entry: str | Mapping[str, Any],
        spec: DataSpec,
        statistics: Callable[[], tuple[float, float]] | None = None,
    ):
        self.spec = spec
        self.name, self.scale = _parse(entry, spec)
        self._statistics = statistics
        self.range: tuple[float, float] | None = AFFINE.get(self.name)
        if self.name in AFFINE and spec.low is None:
            raise DataError(
                f"preprocess: {self.name} needs a data set with a range; this one has none",
                hint="use preprocess: none, or declare the range (low and high) where the "
                "data set has parameters for it",
            )
        if self.name == "none" and spec.low is not None and spec.high is not None:
            self.range = (spec.low, spec.high)

    def apply(self, x: Any) -> tf.Tensor:
        """Preprocess a batch; works in a TensorFlow graph and under XLA.

        Args:
            x: Tensor [N, *shape] in the stored dtype.

        Returns:
            Tensor [N, *shape], float32.
        """
        import tensorflow as tf

        y = tf.cast(x, tf.float32)
        if self.name in AFFINE:
            low, high, start, end = self._ends()
            y = (y - low) / (high - low)
            return y if (start, end) == (0.0, 1.0) else start + (end - start) * y
        if self.name == "gcn":
            axes = list(range(1, len(self.spec.shape) + 1))
            y = y - tf.reduce_mean(y, axes, keepdims=True)
            divisor = tf.sqrt(tf.reduce_sum(tf.square(y), axes, keepdims=True)) / self.scale
            return y / tf.where(divisor < SMALLEST_DIVISOR, 1.0, divisor)
        return y

    def find_ends(self, x: np.ndarray) -> tuple[float, float]:
        """Return between which values examples lie once they are preprocessed, without TensorFlow.

        Args:
            x: [N, *shape], as stored.

        >>> Preprocess({"gcn": 5}, DataSpec((3,), "float32")).find_ends(np.array([[0.0, 3, 3]]))[0]
        -4.08...
        """
        y = np.asarray(x, np.float64).reshape(len(x), -1)
        if self.name in AFFINE:
            low, high, start, end = self._ends()
            y = start + (end - start) * (y - low) / (high - low)
        elif self.name == "gcn":
            y = y - y.mean(axis=1, keepdims=True)
            divisor = np.linalg.norm(y, axis=1, keepdims=True) / self.scale
            y = y / np.where(divisor < SMALLEST_DIVISOR, 1.0, divisor)
        return float(y.min()), float(y.max())

    def for_field(self, field: Field) -> Preprocess:
        """Return the same way of preprocessing for an image that comes with the examples.

        From the field's own range, if it declares one, or that of the examples.
        """
        of: DataSpec | Field = self.spec if field.low is None else field
        entry = {"gcn": self.scale} if self.name == "gcn" else self.name
        return Preprocess(entry, DataSpec(field.shape, field.dtype, of.low, of.high, "image"))

    def invert(self, x: np.ndarray) -> np.ndarray:
        """Bring preprocessed (or generated) examples back to the data set's own range.

        Exact for everything but ``gcn``, which forgets each example's mean and norm: those
        of an average training example are put in their place. Nothing is clipped or
        rounded: a generator may leave the range.

        Args:
            x: [N, *shape] in the preprocessed range.

        Returns:
            [N, *shape], float32, in the data set's own range.
        """
        x = np.asarray(x, np.float32)
        if self.name in AFFINE:
            low, high, start, end = self._ends()
            return np.asarray((x - start) / (end - start) * (high - low) + low, np.float32)
        if self.name == "gcn":
            mean, norm = self.average
            return np.asarray(x * (norm / self.scale) + mean, np.float32)
        return x

    @cached_property
    def average(self) -> tuple[float, float]:
        """Mean and norm of an average training example."""
        return self._statistics() if self._statistics else (0.0, self.scale)

    def _ends(self) -> tuple[float, float, float, float]:
        assert self.spec.low is not None
        assert self.spec.high is not None
        return (float(self.spec.low), float(self.spec.high), *AFFINE[self.name])

    @property
    def description(self) -> str:
        """Its name, and its scale where it has one: ``unit``, ``gcn 55``."""
        return f"{self.name} {self.scale:g}" if self.name == "gcn" else self.name

    def __repr__(self) -> str:
        return f"Preprocess({self.description})"


def contrast_statistics(chunks: Iterable[np.ndarray]) -> tuple[float, float]:
    """Return the mean over examples of their means, and of their norms about their means.

    Args:
        chunks: Arrays [n, *shape], all examples between them.

    Returns:
        Two numbers, computed in float64.

    >>> contrast_statistics([np.array([[0.0, 2.0]]), np.array([[3.0, 3.0]])])
    (2.0, 0.7071067811865476)
    """
    means, norms = [], []
    for chunk in chunks:
        flat = chunk.reshape(len(chunk), -1).astype(np.float64)
        mean = flat.mean(axis=1, keepdims=True)
        means.append(mean.ravel())
        norms.append(np.sqrt(np.square(flat - mean).sum(axis=1)))
    return float(np.concatenate(means).mean()), float(np.concatenate(norms).mean())


def _parse(entry: str | Mapping[str, Any], spec: DataSpec) -> tuple[str, float]:
    """Return the name of a way of preprocessing, and the scale of ``gcn`` (1 for the others)."""
    if entry == "auto":
        return ("unit" if spec.kind == "image" and spec.dtype == "uint8" else "none"), 1.0
    if isinstance(entry, str) and entry in ("none", *AFFINE):
        return entry, 1.0
    if isinstance(entry, Mapping) and set(entry) == {"gcn"}:
        scale = entry["gcn"]
        if isinstance(scale, int | float) and math.isfinite(scale) and scale > 0:
            return "gcn", float(scale)
    raise DataError(
        f"{entry!r} is no way of preprocessing",
        hint="use auto, none, unit, symmetric, or {gcn: 55}",
    )
