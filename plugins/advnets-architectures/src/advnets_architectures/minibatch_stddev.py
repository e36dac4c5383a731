"""Tell a discriminator how much the examples around one differ."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from .packing import group


@keras.saving.register_keras_serializable(package="advnets_architectures")
class MinibatchStddev(keras.layers.Layer):
    """Add a channel with the standard deviation within each group of examples.

        s = (1/HWC) Σ_{h,w,c} √(Var_{n in group} x_{n,h,w,c} + ε)

    Consecutive examples are a group; a last one that lacks examples is filled up from the batch's
    beginning. So the number of replicas changes nothing where groups divide each replica's share
    of the batch. Real and generated examples never meet in one, since a discriminator that mixes
    examples is given them one after the other.

    Args:
        group: Examples in a group; larger ones than the batch hold examples several times.
        epsilon: ε.
        **options: Keras's own: ``name``, ``dtype``.

    Source: Karras et al. 2018 (arXiv:1710.10196), section 3; in groups as in its authors' code.

    >>> layer = MinibatchStddev(group=2, epsilon=0.0)
    >>> layer(tf.constant([[1.0, 5.0], [3.0, 9.0], [4.0, 4.0], [4.0, 4.0]])).numpy()
    array([[1. , 5. , 1.5],
           [3. , 9. , 1.5],
           [4. , 4. , 0. ],
           [4. , 4. , 0. ]], dtype=float32)
    """

    def __init__(self, group: int = 4, epsilon: float = 1e-8, **options: Any):
        super().__init__(**options)
        self.group, self.epsilon = group, epsilon

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [N, ..., C + 1], the last channel constant over an example."""
        groups = group(tf.cast(inputs, tf.float32), self.group)
        variance = tf.math.reduce_variance(groups, axis=1)
        axes = list(range(1, len(inputs.shape)))
        deviation = tf.reduce_mean(tf.sqrt(variance + self.epsilon), axis=axes, keepdims=True)
        each = tf.repeat(deviation, self.group, axis=0)[: tf.shape(inputs)[0]]
        channel = tf.cast(each, inputs.dtype) * tf.ones_like(inputs[..., :1])
        return tf.concat([inputs, channel], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's, with one channel more."""
        *rest, channels = input_shape
        return (*rest, None if channels is None else channels + 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "group": self.group, "epsilon": self.epsilon}
