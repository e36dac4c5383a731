"""Build a Keras optimizer from a recipe's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import keras

from ..builtin.optimizers import (
    AdamParameters,
    MomentumParameters,
    RmspropParameters,
    SgdParameters,
)
from ..recipe.validated import validated_by
from .adam import Adam
from .context import OptimizerContext
from .momentum import Momentum
from .schedules import FlooredDecay, Planned

Rate: TypeAlias = float | Mapping[str, Any]


def plan_rate(
    learning_rate: Rate, decay: float = 1.0, minimum: float = 0.0
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Make what a Keras optimizer takes of a recipe's learning rate.

    Args:
        learning_rate: A number, or a mapping for :class:`Planned`.
        decay: The divisor of a number per round; 1 for none.
        minimum: The decay's floor.

    >>> plan_rate(0.5), type(plan_rate({"from": 0.5, "to": 0.0, "rounds": 9})).__name__
    (0.5, 'Planned')
    """
    if isinstance(learning_rate, Mapping):
        return Planned(learning_rate)
    if decay == 1.0:
        return float(learning_rate)
    return FlooredDecay(float(learning_rate), float(decay), float(minimum))


@validated_by(MomentumParameters)
def momentum(
    context: OptimizerContext,
    *,
    learning_rate: Rate,
    momentum: Mapping[str, Any],
    decay: float = 1.0,
    minimum_learning_rate: float = 0.0,
) -> Momentum:
    """Build :class:`Momentum` with its ramp counted in epochs, and a floored decay.

    Args:
        context: Holds how many updates an epoch has.
        learning_rate: lr_0, or a schedule: see :func:`plan_rate`.
        momentum: ``start``, ``final`` and ``epochs`` of the ramp.
        decay: Divisor of the learning rate per round; 1 keeps it constant.
        minimum_learning_rate: The decay's floor.

    >>> context = OptimizerContext(steps_per_epoch=500, total_steps=50_000, batch_size=100)
    >>> ramp = {"start": 0.5, "final": 0.7, "epochs": 250}
    >>> float(momentum(context, learning_rate=0.1, momentum=ramp).momentum)
    0.5
    """
    return Momentum(
        plan_rate(learning_rate, decay, minimum_learning_rate),
        **momentum,
        steps_per_epoch=context.steps_per_epoch,
    )


@validated_by(SgdParameters)
def sgd(
    context: OptimizerContext,
    *,
    learning_rate: Rate,
    decay: float = 1.0,
    minimum_learning_rate: float = 0.0,
) -> keras.optimizers.SGD:
    """Build plain stochastic gradient descent, θ ← θ − lr·g."""
    return keras.optimizers.SGD(plan_rate(learning_rate, decay, minimum_learning_rate))


@validated_by(AdamParameters)
def adam(
    context: OptimizerContext,
    *,
    learning_rate: Rate,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Adam:
    """Build Adam (Kingma and Ba 2014), in Keras's form."""
    return Adam(plan_rate(learning_rate), beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


@validated_by(RmspropParameters)
def rmsprop(
    context: OptimizerContext,
    *,
    learning_rate: Rate,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
) -> keras.optimizers.RMSprop:
    """Build RMSprop (Tieleman and Hinton 2012), as Keras has it."""
    return keras.optimizers.RMSprop(
        plan_rate(learning_rate), rho=rho, momentum=float(momentum), epsilon=epsilon
    )
