"""Schedule learning rates by the round that is played."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from ..schedule import Round, scheduled


class OfRound(keras.optimizers.schedules.LearningRateSchedule):
    """Define a learning rate by the round; the base class of schedules that are.

    A game has its optimizers' schedules :meth:`follow` its rounds, so that a rate is the same
    function of the round however often a player moves in one, and whether or not a move was
    skipped. An optimizer in no game counts its own updates.
    """

    clock: Round | None = None

    def follow(self, clock: Round) -> None:
        """Take the round from a variable in place of the optimizer's own count."""
        self.clock = clock

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """Return the learning rate of the coming update, a float32 scalar."""
        return self.at(tf.convert_to_tensor(step if self.clock is None else self.clock))

    def at(self, number: tf.Tensor) -> tf.Tensor:
        """Return the learning rate in a round, counted from 0, a float32 scalar."""
        raise NotImplementedError(f"{type(self).__name__} defines no rate")


@keras.saving.register_keras_serializable(package="advnets")
class Planned(OfRound):
    """Take a learning rate from one value to another, as :func:`advnets.game.scheduled` does.

    Args:
        plan: A mapping: ``from``, ``to``, ``rounds``; ``shape``, ``begin``, ``warm_up`` if wanted.

    >>> rate = Planned({"from": 0.5, "to": 0.0, "rounds": 4})
    >>> [float(rate(t)) for t in range(6)]
    [0.5, 0.375, 0.25, 0.125, 0.0, 0.0]
    """

    def __init__(self, plan: Mapping[str, Any]):
        self._rate = scheduled(plan)

    def at(self, number: tf.Tensor) -> tf.Tensor:
        """Return the learning rate in a round; see :meth:`advnets.schedule.Scheduled.at`."""
        return tf.convert_to_tensor(self._rate.at(number))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {"plan": self._rate.get_config()}


@keras.saving.register_keras_serializable(package="advnets")
class FlooredDecay(OfRound):
    """Divide the learning rate by a constant at every round, down to a floor.

    lr_t = max(lr_0 / decay^t, floor), t = the round, counted from 0.

    Args:
        initial: lr_0, positive.
        decay: The divisor per round, at least 1. The authors use 1.000004.
        floor: The smallest learning rate.

    Source: the authors' code of Goodfellow et al. 2014.

    >>> rate = FlooredDecay(0.1, 2.0, 0.02)
    >>> [round(float(rate(t)), 4) for t in range(5)]
    [0.1, 0.05, 0.025, 0.02, 0.02]
    """

    def __init__(self, initial: float, decay: float, floor: float = 0.0):
        self.initial = initial
        self.decay = decay
        self.floor = floor

    def at(self, number: tf.Tensor) -> tf.Tensor:
        """Return the learning rate in a round, a float32 scalar."""
        # e^(−t·log decay): the logarithm is taken in double precision here, since
        # 1.000004 itself has only five correct digits beyond the 1 in float32.
        t = tf.cast(number, tf.float32)
        return tf.maximum(self.initial * tf.exp(t * -math.log(self.decay)), self.floor)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {"initial": self.initial, "decay": self.decay, "floor": self.floor}


@keras.saving.register_keras_serializable(package="advnets")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """Multiply a schedule by a factor that can be changed while it runs.

    Args:
        schedule: Any Keras schedule.
        factor: The factor, 1 at first; a variable that is somebody else's to keep.

    >>> rate = Scaled(FlooredDecay(0.1, 1.0))
    >>> float(rate.factor.assign(0.5)), round(float(rate(7)), 3)
    (0.5, 0.05)
    """

    def __init__(
        self,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        factor: tf.Variable | float = 1.0,
    ):
        self.schedule = schedule
        self.factor = factor if isinstance(factor, tf.Variable) else tf.Variable(factor)

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """Return the learning rate of the update that follows ``step`` others, a float32 scalar."""
        return self.schedule(step) * self.factor

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        kept = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": kept, "factor": float(self.factor.numpy())}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Scaled:
        """Make one from what :meth:`get_config` returned."""
        return cls(keras.optimizers.schedules.deserialize(config["schedule"]), config["factor"])
