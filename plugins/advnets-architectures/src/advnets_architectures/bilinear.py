"""Double the size of maps by bilinear interpolation."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets_architectures")
class BilinearDoubling(keras.layers.Layer):
    """Double height and width: each new pixel is ¾ of its old one and ¼ of the nearer neighbour.

    First of rows and then of columns, edges repeated: bilinear interpolation between pixels'
    centres, made of slices and sums, so that it can be differentiated as often as one likes.
    Bilinear halving is the mean of 2×2 pixels, ``keras.layers.AveragePooling2D(2)``.

    Args:
        **options: Keras's own: ``name``, ``dtype``.

    >>> x = tf.reshape(tf.constant([0.0, 4.0]), [1, 1, 2, 1])
    >>> BilinearDoubling()(x).numpy()[0, 0, :, 0]
    array([0., 1., 3., 4.], dtype=float32)
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [N, 2·height, 2·width, C]."""
        return _double(_double(inputs, 1), 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return that of the input, doubled."""
        n, height, width, channels = input_shape
        return (n, 2 * (height or 0), 2 * (width or 0), channels)


def _double(x: tf.Tensor, axis: int) -> tf.Tensor:
    size = x.shape[axis]

    def at(begin: int, end: int) -> tf.Tensor:
        return x[:, begin:end] if axis == 1 else x[:, :, begin:end]

    before = tf.concat([at(0, 1), at(0, size - 1)], axis)
    after = tf.concat([at(1, size), at(size - 1, size)], axis)
    pairs = tf.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
    shape: list[Any] = [-1, *x.shape[1:]]
    shape[axis] = 2 * size
    return tf.reshape(pairs, shape)
