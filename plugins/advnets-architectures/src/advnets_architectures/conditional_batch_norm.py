"""Normalise batches, with a gain and a shift of each class's own."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from advnets.networks import BatchNorm


@keras.saving.register_keras_serializable(package="advnets_architectures")
class ConditionalBatchNorm(keras.layers.Layer):
    """Normalise x by the batch, then scale and shift it by what belongs to its condition.

        (1 + Σ_k c_k g_k) (x − μ)/√(σ² + ε) + Σ_k c_k b_k

    c is the class as a one-hot vector, so that each class has a gain 1 + g_k and a shift b_k of
    its own for each channel; or any other vector, of which gain and shift are linear functions.
    g and b start at 0. μ and σ² are those of all classes together.

    Called with ``[x, condition]``: x ``[N, ..., C]``; the condition integers ``[N]`` from 0 to
    ``classes`` − 1, or numbers ``[N, D]``.

    Args:
        classes: How many there are; needed where the condition comes as integers.
        synchronized: Whether μ and σ² are those of the global batch, as
            :class:`advnets.networks.BatchNorm` has it.
        momentum: Of the moving averages of μ and σ², which are used outside of training.
        epsilon: ε.
        **options: Keras's own: ``name``, ``dtype``.

    Raises:
        ValueError: If the condition is neither, or if it comes as integers and ``classes`` is
            not given.

    Source: de Vries et al. 2017 (arXiv:1707.00683), and Dumoulin, Shlens and Kudlur
    2017 (arXiv:1610.07629), who normalise each example by itself; in a generator Miyato and
    Koyama 2018 (arXiv:1802.05637).

    >>> layer = ConditionalBatchNorm(classes=2, epsilon=0.0)
    >>> x, label = tf.constant([[1.0], [3.0]]), tf.constant([0, 1])
    >>> _ = layer([x, label])
    >>> _ = layer.gain.assign([[0.0], [2.0]])
    >>> _ = layer.shift.assign([[0.0], [10.0]])
    >>> layer([x, label], training=True).numpy().ravel()
    array([-1., 13.], dtype=float32)
    """

    def __init__(
        self,
        classes: int | None = None,
        *,
        synchronized: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        **options: Any,
    ):
        super().__init__(**options)
        self.classes = classes
        self.norm = BatchNorm(
            synchronized=synchronized,
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="norm",
        )
        self._own = {"synchronized": synchronized, "momentum": momentum, "epsilon": epsilon}

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        """Make gains and shifts, one for each class, or number, and channel: ``[D, C]``."""
        of_x, of_condition = input_shape
        numbers = self.classes if len(of_condition) == 1 else of_condition[-1]
        if numbers is None or len(of_condition) > 2:
            raise ValueError(
                f"the condition of {self.name} has shape {tuple(of_condition)}; integers [N] "
                "with classes=…, or numbers [N, D] were expected"
            )
        self.norm.build(of_x)
        shape = (numbers, of_x[-1])
        self.gain = self.add_weight(name="gain", shape=shape, initializer="zeros")
        self.shift = self.add_weight(name="shift", shape=shape, initializer="zeros")

    def call(self, inputs: list[tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Return ``[N, ..., C]``, normalised; in training by the batch, and averages move."""
        x, condition = inputs
        normal = self.norm(x, training=training)
        if len(condition.shape) == 1:
            condition = tf.one_hot(condition, self.classes)
        condition = tf.cast(condition, normal.dtype)
        around = [-1, *[1] * (len(x.shape) - 2), x.shape[-1]]
        gain = tf.reshape(condition @ tf.cast(self.gain, normal.dtype), around)
        shift = tf.reshape(condition @ tf.cast(self.shift, normal.dtype), around)
        return normal * (1 + gain) + shift

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """Return that of x."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "classes": self.classes, **self._own}
