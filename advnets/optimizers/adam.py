"""Compute Adam in one fused operation per variable."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets")
class Adam(keras.optimizers.Adam):
    """Compute Keras's Adam by TensorFlow's fused kernel.

    m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,
    θ ← θ − lr · √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)

    Keras writes this as a dozen operations, each of which reads and writes arrays as large as
    the weights; the kernel passes over them once. Equal within rounding.

    Source: Kingma and Ba 2014 (arXiv:1412.6980), the end of section 2.

    >>> optimizer = Adam(0.5)
    >>> weight = keras.Variable([1.0])
    >>> optimizer.apply([tf.constant([3.0])], [weight])
    >>> weight.numpy().round(4).tolist()  # the first step has length lr, for any gradient
    [0.5]
    """

    def update_step(
        self, gradient: Any, variable: keras.Variable | tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move one variable (one replica's copy of it, under ``tf.distribute``)."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        if isinstance(variable, keras.Variable):
            variable = variable.value
        dtype = variable.dtype
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, dtype), step),
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )
