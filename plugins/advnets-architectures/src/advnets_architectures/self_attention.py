"""Let each place of a map look at all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from advnets.networks import NetworkContext


@keras.saving.register_keras_serializable(package="advnets_architectures")
class SelfAttention(keras.layers.Layer):
    """Add to the vector at each place what it finds at the places that it attends to.

        y_j = γ o_j + x_j,  o_j = V Σ_i β_{j,i} H x_i,  β_{j,i} = softmax_i (F x_i)ᵀ (G x_j)

    F, G, H: [C] → [C/8] and V: [C/8] → [C] are convolutions of one pixel, without bias; γ is a
    weight that starts at 0, so that the network begins as one without attention. The softmax is
    taken in float32.

    Args:
        seeds: Of the kernels of F, G, H and V.
        **options: Keras's own: ``name``, ``dtype``.

    Source: Zhang et al. 2019 (arXiv:1805.08318).

    >>> layer, x = SelfAttention((1, 2, 3, 4)), tf.ones([2, 4, 4, 8])
    >>> bool(tf.reduce_all(layer(x) == x)), layer.count_params()  # 4 · 8 · 1 + 1
    (True, 33)
    """

    def __init__(self, seeds: Sequence[int] = (0, 1, 2, 3), **options: Any):
        super().__init__(**options)
        self.seeds = tuple(seeds)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernels, [C, C/8] each but the last, and γ."""
        channels = int(input_shape[-1] or 0)
        inner = max(1, channels // 8)
        shapes = dict.fromkeys(("f", "g", "h"), (channels, inner)) | {"v": (inner, channels)}
        for (name, shape), seed in zip(shapes.items(), self.seeds, strict=True):
            kernel = self.add_weight(
                name=f"{name}_kernel",
                shape=shape,
                initializer=keras.initializers.GlorotUniform(seed),
            )
            setattr(self, f"{name}_kernel", kernel)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [N, height, width, C]."""
        places = tf.reshape(inputs, [-1, inputs.shape[1] * inputs.shape[2], inputs.shape[3]])
        f, g, h = (
            tf.matmul(places, tf.convert_to_tensor(kernel))
            for kernel in (self.f_kernel, self.g_kernel, self.h_kernel)
        )
        scores = tf.cast(tf.matmul(g, f, transpose_b=True), tf.float32)  # [N, j, i]
        weights = tf.cast(tf.nn.softmax(scores), inputs.dtype)
        found = tf.matmul(tf.matmul(weights, h), tf.convert_to_tensor(self.v_kernel))
        gamma = tf.cast(tf.convert_to_tensor(self.gamma), inputs.dtype)
        return inputs + gamma * tf.reshape(found, tf.shape(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "seeds": self.seeds}


def attend(x: keras.KerasTensor, context: NetworkContext, name: str) -> keras.KerasTensor:
    """Apply a :class:`SelfAttention` of a network, whose kernels start from seeds by its name.

    >>> context = NetworkContext("generator", (2,), (4, 4, 1))
    >>> attend(keras.Input((4, 4, 8)), context, "attention").shape
    (None, 4, 4, 8)
    """
    seeds = [context.seed_for(f"{name}/{each}") for each in "fghv"]
    return SelfAttention(seeds, name=name)(x)
