"""Compute convolutional maxout with the pooling of the authors' code."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def pooled_size(size: int, window: int, stride: int) -> int:
    """Count the outputs of a pooling that covers every input: ⌈(size − window)/stride⌉ + 1.

    The last window may reach beyond the edge; it is clipped there.

    >>> [pooled_size(33, 4, 2), pooled_size(15, 4, 2), pooled_size(9, 2, 2), pooled_size(3, 4, 2)]
    [16, 7, 5, 1]
    """
    return max(0, -((window - size) // stride)) + 1


@keras.saving.register_keras_serializable(package="advnets")
class ConvMaxout(keras.layers.Layer):
    """Convolve, take the maximum over pieces, then over windows in space.

    h = maxpool(max_p (x ∗ W_p + b_p)), stride 1, one bias per piece and channel, shared by
    all positions ("tied"). Zeros are padded on every side before the convolution. Pooling
    windows cover every position, the last one clipped at the edge (:func:`pooled_size`).

    Args:
        channels: Output channels.
        pieces: Linear pieces per channel.
        kernel: Width and height of the filters.
        padding: Zeros on each side.
        pool: Width and height of the pooling windows.
        pool_stride: Distance between them, at most ``pool``.
        kernel_initializer: Initial filters [kernel, kernel, in, pieces·channels].

    Source: Goodfellow et al. 2013, "Maxout Networks", section 5.2, and the code of
    Goodfellow et al. 2014.

    >>> layer = ConvMaxout(32, 2, kernel=8, padding=4, pool=4, pool_stride=2)
    >>> layer(tf.zeros((1, 32, 32, 3))).shape.as_list()
    [1, 16, 16, 32]
    """

    def __init__(
        self,
        channels: int,
        pieces: int = 2,
        *,
        kernel: int,
        padding: int = 0,
        pool: int = 1,
        pool_stride: int = 1,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.pieces = pieces
        self.kernel_size = kernel
        self.padding = padding
        self.pool = pool
        self.pool_stride = pool_stride
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the filters and the biases."""
        columns = self.pieces * self.channels
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], columns),
            initializer=self.kernel_initializer,
        )
        self.bias = self.add_weight(name="bias", shape=(columns,), initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Map [N, height, width, in] to [N, pooled height, pooled width, channels]."""
        p = self.padding
        edges = [[0, 0], [p, p], [p, p], [0, 0]]
        linear = tf.nn.bias_add(tf.nn.conv2d(inputs, self.kernel, 1, edges), self.bias)
        _, height, width, _ = linear.shape
        by_piece = tf.reshape(linear, [-1, height, width, self.pieces, self.channels])
        largest = tf.reduce_max(by_piece, axis=3)
        # Below and to the right of the image: what no window can prefer.
        beyond = [
            (pooled_size(n, self.pool, self.pool_stride) - 1) * self.pool_stride + self.pool - n
            for n in (height, width)
        ]
        outside = [[0, 0], [0, max(0, beyond[0])], [0, max(0, beyond[1])], [0, 0]]
        covered = tf.pad(largest, outside, constant_values=largest.dtype.min)
        return tf.nn.max_pool2d(covered, self.pool, self.pool_stride, "VALID")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return ``(N, pooled height, pooled width, channels)``."""
        height, width = (self._size(n) for n in input_shape[1:3])
        return (input_shape[0], height, width, self.channels)

    def _size(self, n: int | None) -> int | None:
        if n is None:
            return None
        convolved = n + 2 * self.padding - self.kernel_size + 1
        return pooled_size(convolved, self.pool, self.pool_stride)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "pieces": self.pieces,
            "kernel": self.kernel_size,
            "padding": self.padding,
            "pool": self.pool,
            "pool_stride": self.pool_stride,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
