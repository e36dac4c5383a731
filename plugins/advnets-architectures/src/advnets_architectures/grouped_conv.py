"""Convolve groups of channels each by itself, with derivatives on every device."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets_architectures")
class GroupedConv(keras.layers.Layer):
    """Convolve: y of a group of channels is x of the same group convolved with kernels of its own.

    What ``keras.layers.Conv2D(filters, kernel, padding="same", groups=groups)`` computes, of which
    TensorFlow knows no derivative on CPUs; here each group is a convolution of its own.

    Args:
        filters: Output channels, a multiple of the groups.
        kernel: Height and width of the filters.
        groups: Their number, which divides the input's channels as well.
        kernel_initializer: Of the kernel ``[kernel, kernel, C/groups, filters]``.
        **options: Keras's own: ``name``, ``dtype``.

    Raises:
        ValueError: When it is built, if the groups do not divide the channels.

    Source: Xie et al. 2017 (arXiv:1611.05431), section 3.3.

    >>> layer = GroupedConv(4, 3, groups=2)
    >>> layer(tf.zeros([1, 8, 8, 6])).shape, layer.count_params()  # 9 · 3 · 4 + 4
    (TensorShape([1, 8, 8, 4]), 112)
    """

    def __init__(
        self,
        filters: int,
        kernel: int,
        groups: int,
        kernel_initializer: Any = "glorot_uniform",
        **options: Any,
    ):
        super().__init__(**options)
        self.filters, self.size, self.groups = filters, kernel, groups
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernels, and a bias for each output channel."""
        channels = int(input_shape[-1] or 0)
        if channels % self.groups or self.filters % self.groups:
            raise ValueError(
                f"{self.groups} groups do not divide {channels} channels into {self.filters}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.size, self.size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [N, height, width, filters]."""
        kernels = tf.split(tf.convert_to_tensor(self.kernel), self.groups, axis=3)
        parts = tf.split(inputs, self.groups, axis=3)
        convolved = [tf.nn.conv2d(x, w, 1, "SAME") for x, w in zip(parts, kernels, strict=True)]
        return tf.nn.bias_add(tf.concat(convolved, axis=3), tf.convert_to_tensor(self.bias))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return that of the input, with other channels."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        own = {"filters": self.filters, "kernel": self.size, "groups": self.groups}
        start = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own, "kernel_initializer": start}
