"""Scale losses, to keep float16 gradients between what underflows and what overflows."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

INITIAL = 2.0**15
LARGEST = 2.0**24
"""Where growth ends: a player whose gradients are zero would let its scale grow for ever."""


class LossScale:
    """Adapt a player's loss scale S: the gradient is that of S·L, divided by S in float32.

    float16 holds no number below 6·10⁻⁸, and rounds to fewer digits below 6·10⁻⁵; most
    gradients of single activations are smaller than that. A power of two as a factor
    changes none of their digits. S is halved, and the step skipped, where a gradient is not
    finite; it is doubled after ``growth_steps`` finite ones in a row, up to ``LARGEST``.

    Args:
        growth_steps: Finite gradients after which S is doubled.
        initial: S at first.

    Attributes:
        scale: S, a float32 variable.
        good_steps: Finite gradients since S last changed, an int64 variable.

    Source: Micikevicius et al. 2018, "Mixed Precision Training" (arXiv:1710.03740),
    section 3.2; the dynamic choice of the scale is NVIDIA's.

    >>> scale = LossScale(growth_steps=2, initial=8.0)
    >>> for finite in (True, True, True, False, True):
    ...     scale.learn(tf.constant(finite))
    ...     print(float(scale.scale), int(scale.good_steps))
    8.0 1
    16.0 0
    16.0 1
    8.0 0
    8.0 1
    """

    def __init__(self, growth_steps: int = 2000, initial: float = INITIAL):
        self.growth_steps = growth_steps
        # All replicas see the same gradients: what the first one assigns is right for all.
        same = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self.scale = tf.Variable(initial, trainable=False, aggregation=same, dtype=tf.float32)
        self.good_steps = tf.Variable(0, trainable=False, aggregation=same, dtype=tf.int64)

    @property
    def variables(self) -> tuple[tf.Variable, tf.Variable]:
        """The variables that training changes."""
        return self.scale, self.good_steps

    def unscale(self, gradients: Sequence[tf.Tensor | None]) -> list[tf.Tensor | None]:
        """Turn gradients of S·L into gradients of L, float32; what is not finite stays so."""
        factor = 1.0 / self.scale
        return [None if g is None else _times(g, factor) for g in gradients]

    def learn(self, finite: tf.Tensor) -> None:
        """Adapt S to a gradient that was ``finite``, a scalar bool, or was not."""
        good = tf.where(finite, self.good_steps + 1, 0)
        grown = good >= self.growth_steps
        larger = tf.where(grown, tf.minimum(2.0 * self.scale, LARGEST), self.scale)
        self.scale.assign(tf.where(finite, larger, 0.5 * self.scale))
        self.good_steps.assign(tf.where(grown, tf.zeros_like(good), good))


def _times(gradient: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    if isinstance(gradient, tf.IndexedSlices):  # of an embedding
        values = tf.cast(gradient.values, tf.float32) * factor
        return tf.IndexedSlices(values, gradient.indices, gradient.dense_shape)
    return tf.cast(gradient, tf.float32) * factor
