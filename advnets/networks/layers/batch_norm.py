"""Normalise batches in a way that is defined on several replicas."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets")
class BatchNorm(keras.layers.BatchNormalization):
    """Normalise by the statistics of the global batch, or of each replica's part of it.

    γ (x − μ)/√(σ² + ε) + β, with μ and σ² those of the batch in training, and their moving
    averages otherwise. On one replica it does what Keras's layer does, faster. On several,
    Keras leaves each replica with moving averages of its own, of which a checkpoint holds
    the first's; here all replicas hold the same: those of the global batch if
    ``synchronized``, else the means of the replicas' averages.

    Args:
        synchronized: Whether μ and σ² are those of the global batch, so that the number of
            replicas does not change the result. Costs a sum over all replicas for each
            layer, forwards and backwards.
        **options: Keras's own: ``momentum``, ``epsilon``, ``gamma_initializer``, …

    Source: Ioffe and Szegedy 2015 (arXiv:1502.03167), Algorithm 1.

    >>> layer = BatchNorm(epsilon=0.0)
    >>> layer(tf.constant([[1.0], [3.0]]), training=True).numpy().ravel().tolist()
    [-1.0, 1.0]
    """

    def __init__(self, *, synchronized: bool = False, **options: Any):
        # On one replica Keras's synchronized mean of squares is a detour, and less accurate.
        several = tf.distribute.get_strategy().num_replicas_in_sync > 1
        super().__init__(synchronized=synchronized and several, **options)
        self._asked_for = synchronized

    def add_weight(self, *args: Any, trainable: bool = True, **options: Any) -> Any:
        """Add a weight as Keras does, with moving averages that replicas agree upon."""
        if not (trainable or self.synchronized):
            options.setdefault("aggregation", "mean")
        return super().add_weight(*args, trainable=trainable, **options)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Normalise [N, ..., C]; in training by the batch, and the averages move."""
        last = self.axis in (-1, len(inputs.shape) - 1)
        plain = self.trainable and not self.renorm
        if not training or self.synchronized or mask is not None or not (last and plain):
            return super().call(inputs, training=training, mask=mask)
        # One fused kernel; Keras's separate operations took a third of a DCGAN's time.
        channels = inputs.shape[-1]
        maps = inputs if len(inputs.shape) == 4 else tf.reshape(inputs, [-1, 1, 1, channels])
        none = tf.zeros([0])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=maps,
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones([channels]),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros([channels]),
            mean=none,
            variance=none,
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel gives n/(n − 1) times the variance that it normalises by.
        n = tf.cast(tf.size(inputs) // channels, tf.float32)
        for average, now in (
            (self.moving_mean, mean),
            (self.moving_variance, variance * tf.maximum(n - 1.0, 1.0) / n),
        ):
            before = tf.convert_to_tensor(average)
            average.assign(before * self.momentum + now * (1.0 - self.momentum))
        return tf.reshape(outputs, tf.shape(inputs))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "synchronized": self._asked_for}
