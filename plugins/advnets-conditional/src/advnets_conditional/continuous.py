"""Draw a code of numbers that the data know nothing of."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from advnets import validated_by
from advnets.data import Field
from advnets.game import Batch, Condition
from advnets.random import Draw

from .hooks import ContinuousParameters


class Continuous(Condition):
    """Draw c ~ U[low, high) in every dimension, independently: InfoGAN's continuous code.

    Args:
        shape: Of one code, ``[2]`` for two numbers; ``[]`` for one.
        low: The lower end.
        high: The upper end, above it.

    Source: Chen et al. 2016 (arXiv:1606.03657): U(−1, 1).

    >>> c = Continuous([2]).sample(Draw(1, 0), "style", 1000)
    >>> c.shape, bool(tf.reduce_min(c) >= -1.0), bool(tf.reduce_max(c) < 1.0)
    (TensorShape([1000, 2]), True, True)
    """

    @validated_by(ContinuousParameters)
    def __init__(self, shape: Sequence[int] = (1,), low: float = -1.0, high: float = 1.0):
        self.low, self.high = low, high
        self.field = Field(tuple(shape), "float32", low=low, high=high)

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Draw codes, float32 ``[n, *shape]``."""
        u = draw.uniform(stream, self.field.shape, examples)
        return self.low + (self.high - self.low) * u
