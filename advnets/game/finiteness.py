"""Check every round, at next to no cost, that a player's gradient or weights are finite."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

MOST_CHECKED = 2**16
"""Values that are checked in a round, at most; of the smallest tensors first."""


def zero_if_finite(tensors: Sequence[tf.Tensor | None], values: int = MOST_CHECKED) -> tf.Tensor:
    """Return 0 where a gradient's (or a network's) small tensors are finite, NaN where one isn't.

    To read all of a large gradient once more takes a fully connected game 3–4 % of a round.
    The small tensors bear witness for the large ones: with δ the gradient at a layer's
    output, its bias gets Σ_i δ_i and its kernel Σ_i x_i δ_iᵀ, so that a δ that is not finite
    shows in both, and in both after the move. What is left is an overflow in the kernel's
    own sum.

    Args:
        tensors: One per variable, ``None`` for variables without a gradient.
        values: How many values are checked. The smallest tensor is checked in any case.

    Returns:
        A float32 scalar.

    >>> kernel, bias = tf.ones([400, 400]), tf.ones([400])
    >>> float(zero_if_finite([kernel, bias, None]))
    0.0
    >>> float(zero_if_finite([kernel, bias * float("inf")])), float(zero_if_finite([]))
    (nan, 0.0)
    """
    witnesses = [tf.reshape(tf.cast(t, tf.float32), [-1]) for t in _smallest(tensors, values)]
    if not witnesses:  # a player that moves nothing: G is held still, say
        return tf.constant(0.0)
    joined = witnesses[0] if len(witnesses) == 1 else tf.concat(witnesses, axis=0)
    # A sum is finite only if everything in it is.
    return tf.where(tf.math.is_finite(tf.reduce_sum(joined)), 0.0, np.nan)


def all_finite(tensors: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """Tell whether no tensor holds NaN or infinity, a scalar bool.

    >>> bool(all_finite([tf.constant([1.0, 2.0]), None, tf.constant(float("inf"))]))
    False
    """
    each = [tf.reduce_all(tf.math.is_finite(values)) for values in _dense(tensors)]
    return tf.reduce_all(tf.stack(each)) if each else tf.constant(True)


def zero_if_all_finite(tensors: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """Check every value, and return the same as :func:`zero_if_finite`.

    >>> float(zero_if_all_finite([tf.ones([400, 400]), tf.zeros([2])]))
    0.0
    """
    return tf.where(all_finite(tensors), 0.0, np.nan)


def _smallest(tensors: Sequence[tf.Tensor | None], values: int) -> list[tf.Tensor]:
    by_size = sorted(_dense(tensors), key=_size)
    total, chosen = 0.0, by_size[:1]
    for tensor in by_size:
        total += _size(tensor)
        if total > values:
            break
        if tensor is not by_size[0]:
            chosen.append(tensor)
    return chosen


def _dense(tensors: Sequence[tf.Tensor | None]) -> list[tf.Tensor]:
    dense = [t.values if isinstance(t, tf.IndexedSlices) else t for t in tensors]
    return [t for t in dense if t is not None]


def _size(tensor: tf.Tensor) -> float:
    """Return the number of values, infinite where it is not known."""
    return tensor.shape.num_elements() if tensor.shape.is_fully_defined() else math.inf
