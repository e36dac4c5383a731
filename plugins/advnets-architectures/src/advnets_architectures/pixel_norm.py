"""Normalise each pixel of a map over its channels."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets_architectures")
class PixelNorm(keras.layers.Layer):
    """Divide the vector at each place by its root mean square: x/√(Σ_c x_c²/C + ε).

    It has no weights, and no example sees another one.

    Args:
        epsilon: ε.
        **options: Keras's own: ``name``, ``dtype``.

    Source: Karras et al. 2018 (arXiv:1710.10196), section 4.2.

    >>> PixelNorm(epsilon=0.0)(tf.constant([[3.0, 4.0, 0.0, 0.0]])).numpy()  # by 5/2
    array([[1.2, 1.6, 0. , 0. ]], dtype=float32)
    """

    def __init__(self, epsilon: float = 1e-8, **options: Any):
        super().__init__(**options)
        self.epsilon = epsilon

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise [N, ..., C] over its last axis, in float32."""
        x = tf.cast(inputs, tf.float32)
        squares = tf.reduce_mean(tf.square(x), axis=-1, keepdims=True)
        return tf.cast(x * tf.math.rsqrt(squares + self.epsilon), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "epsilon": self.epsilon}
