"""Descend with classical momentum whose coefficient rises from epoch to epoch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ..builtin.optimizers import Ramp
from ..recipe.validated import validated_by
from ..schedule import Round


@keras.saving.register_keras_serializable(package="advnets")
class Momentum(keras.optimizers.Optimizer):
    """Descend with classical momentum, in one pass over each variable.

    v ← m·v − lr·g;  θ ← θ + v.

    The coefficient rises linearly with the epoch e = 1, 2, …:
    m(e) = start + (final − start)·(e − 1)/(epochs − 1), and stays at ``final`` after
    ``epochs``. The epoch is ``round // steps_per_epoch + 1``, so nothing has to be saved. An
    optimizer in no game counts its own updates for rounds.

    Args:
        learning_rate: lr, a number or a Keras schedule.
        start: m in the first epoch, in [0, 1).
        final: m from epoch ``epochs`` on, in [0, 1); ``start`` if ``None``.
        epochs: Length of the rise; with 1, m is ``final`` from the start.
        steps_per_epoch: Rounds per epoch.

    Source: the authors' code of Goodfellow et al. 2014 (0.5 → 0.7 over epochs 1 … 250).

    >>> w = keras.Variable([1.0])
    >>> optimizer = Momentum(0.1, start=0.5)
    >>> optimizer.apply([tf.constant([1.0])], [w])  # v = -0.1
    >>> optimizer.apply([tf.constant([1.0])], [w])  # v = -0.05 - 0.1
    >>> w.numpy().round(4).tolist()
    [0.75]
    """

    @validated_by(Ramp)
    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.1,
        start: float = 0.5,
        final: float | None = None,
        epochs: int = 1,
        steps_per_epoch: int = 1,
        **kwargs: Any,
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.start = start
        self.final = start if final is None else final
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.velocities: list[keras.Variable] = []
        self.clock: Round | None = None

    def follow(self, clock: Round) -> None:
        """Take the round from a variable in place of the optimizer's own count."""
        self.clock = clock

    @property
    def momentum(self) -> float | tf.Tensor:
        """m of the coming update: a number if it is constant, else a float32 scalar tensor."""
        if self.epochs <= 1 or self.start == self.final:
            return self.final
        number = self.iterations if self.clock is None else self.clock
        finished = tf.convert_to_tensor(number) // self.steps_per_epoch
        risen = tf.minimum(tf.cast(finished, tf.float32) / (self.epochs - 1), 1.0)
        return self.start + (self.final - self.start) * risen

    def build(self, variables: list[keras.Variable]) -> None:
        """Create one velocity, initially zero, per variable."""
        if self.built:
            return
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move one variable (one replica's copy of it, under ``tf.distribute``)."""
        velocity = self.velocities[self._get_variable_index(variable)].value
        if isinstance(variable, keras.Variable):
            variable = variable.value
        # One fused kernel reads and writes each array once. The same in separate
        # operations makes five passes, which the large maxout layers feel.
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), variable.dtype),
            momentum=tf.cast(self.momentum, variable.dtype),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        own = ("start", "final", "epochs", "steps_per_epoch")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
