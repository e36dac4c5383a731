"""Add to every output a bias of its own."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets")
class UntiedBias(keras.layers.Layer):
    """Add a bias per position and channel, where a convolution's is shared by all positions.

    Args:
        kwargs: Keras's own: name, dtype.

    Source: the authors' code of Goodfellow et al. 2014 (``tied_b`` off).

    >>> layer = UntiedBias()
    >>> layer(tf.zeros((1, 32, 32, 3))).shape.as_list(), layer.count_params()
    ([1, 32, 32, 3], 3072)
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the biases, zero at first, in the shape of one example."""
        self.bias = self.add_weight(name="bias", shape=input_shape[1:], initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Add the biases to [N, *shape]."""
        return inputs + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's."""
        return input_shape
