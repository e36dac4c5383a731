"""Bound the L2 norm of each unit's incoming weights."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets")
class ColumnNorm(keras.constraints.Constraint):
    """Rescale every column of a matrix to an L2 norm of at most ``limit``.

    w_j ← w_j · min(1, c / ‖w_j‖₂). A column is one unit's incoming weights; for a maxout
    layer, one piece's. Columns within the limit stay as they are, to the bit.

    Args:
        limit: c, positive.

    Source: the authors' code of Goodfellow et al. 2014 (``max_col_norm``; 1.9365 there).

    >>> ColumnNorm(2.5)(tf.constant([[3.0, 0.25], [4.0, 0.5]])).numpy().tolist()
    [[1.5, 0.25], [2.0, 0.5]]
    """

    def __init__(self, limit: float):
        if not limit > 0:
            raise ValueError(f"limit must be positive, not {limit!r}")
        self.limit = limit

    def __call__(self, w: tf.Tensor) -> tf.Tensor:
        """Return the rescaled matrix [inputs, units]."""
        w = tf.convert_to_tensor(w)
        squares = tf.reduce_sum(tf.square(w), axis=0, keepdims=True)
        # Dividing by max(‖w‖, c) rather than by ‖w‖ keeps an all-zero column finite.
        return w * (self.limit / tf.maximum(tf.sqrt(squares), self.limit))

    def get_config(self) -> dict[str, Any]:
        """Return the limit, for serialisation."""
        return {"limit": self.limit}
