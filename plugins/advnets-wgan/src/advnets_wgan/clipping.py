"""Clip weights, as the last part of an RMSprop step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from advnets import validated_by
from advnets.optimizers import OptimizerContext, plan_rate

from .hooks import ClippedRmspropParameters


@keras.saving.register_keras_serializable(package="advnets_wgan")
class ClippedRMSprop(keras.optimizers.RMSprop):
    """Descend by RMSprop, after whose every step each weight is clipped to [−clip, clip].

    A step of projected gradient descent, w ← clip(w − lr · g/√v, −c, c), for WGAN's critic:
    in a bounded box of weights the critic has a bounded slope.

    Args:
        learning_rate: Of RMSprop.
        clip: c > 0.
        **options: RMSprop's own.

    Source: Arjovsky et al. 2017 (arXiv:1701.07875), Algorithm 1.

    >>> weight = keras.Variable([0.5, -0.001])
    >>> optimizer = ClippedRMSprop(1e-6, clip=0.01)
    >>> optimizer.apply([tf.constant([1.0, 1.0])], [weight])
    >>> weight.numpy().round(4)
    array([ 0.01 , -0.001], dtype=float32)
    """

    @validated_by(ClippedRmspropParameters)
    def __init__(self, learning_rate: Any = 5e-5, clip: float = 0.01, **options: Any):
        super().__init__(learning_rate, **options)
        self.clip = clip

    def update_step(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        """Move one variable, then clip it."""
        super().update_step(gradient, variable, learning_rate)
        self.assign(variable, tf.clip_by_value(variable, -self.clip, self.clip))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "clip": self.clip}


@validated_by(ClippedRmspropParameters)
def clipped_rmsprop(
    context: OptimizerContext,
    *,
    learning_rate: float | Mapping[str, Any] = 5e-5,
    clip: float = 0.01,
    rho: float = 0.9,
    epsilon: float = 1e-7,
) -> ClippedRMSprop:
    """Build :class:`ClippedRMSprop` from a recipe's parameters.

    Args:
        context: Not used.
        learning_rate: A number or a schedule; 5·10⁻⁵ in the paper.
        clip: 0.01 in the paper.
        rho: Decay of the mean of the squared gradient.
        epsilon: Added under the root.

    >>> context = OptimizerContext(steps_per_epoch=10, total_steps=10, batch_size=64)
    >>> clipped_rmsprop(context).clip
    0.01
    """
    return ClippedRMSprop(plan_rate(learning_rate), float(clip), rho=rho, epsilon=epsilon)
