"""Compute the energy of an example: how far it is from its reconstruction."""

from __future__ import annotations

import keras
import tensorflow as tf


def euclidean_norm(x: tf.Tensor) -> tf.Tensor:
    """Return ‖x‖, the un-squared L2 norm of each example, with gradient 0 at x = 0.

    The root's own gradient is infinite at 0, and TensorFlow makes NaN of infinity times 0.

    Args:
        x: ``[N, ...]``.

    Returns:
        float32 ``[N]``.

    >>> euclidean_norm(tf.constant([[3.0, 4.0], [0.0, 0.0]])).numpy()
    array([5., 0.], dtype=float32)
    """
    squared = tf.reduce_sum(tf.square(tf.cast(x, tf.float32)), axis=list(range(1, len(x.shape))))
    positive = squared > 0
    # The inner choice keeps the root away from 0, in the gradient of what is not chosen too.
    return tf.where(positive, tf.sqrt(tf.where(positive, squared, 1.0)), 0.0)


@keras.saving.register_keras_serializable(package="advnets_ebgan")
class Energy(keras.layers.Layer):
    """Compute E(x) = ‖reconstruction − x‖, from the two as ``[N, ...]`` to float32 ``[N]``.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), equation 13: not squared, and
    not a mean over pixels. The paper's margins are meant for this.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Return the norm of the difference."""
        reconstruction, x = inputs
        return euclidean_norm(reconstruction - x)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple:
        """Return ``[N]``."""
        return (input_shape[0][0],)
