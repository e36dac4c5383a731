"""Hold the two players, and move each of them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import PluginError, UsageError
from ..networks import computes_in
from ..optimizers.schedules import Scaled
from . import batch
from .finiteness import MOST_CHECKED, all_finite, zero_if_all_finite, zero_if_finite
from .loss_scale import LossScale
from .losses import Loss

SAMPLED_NORMS = ("d_gradient_norm", "g_gradient_norm")
"""What a round logs of gradients; see ``Players.norms_every``."""
PLAYERS = ("generator", "discriminator")
"""The two sides of a game; its networks are attributes of these names."""
NORMS_MEASURED = "norms_measured"
"""1 or 0: whether a round measured them; logged where not every round does."""
WEIGHTS_SEEN = ("d_weights", "g_weights")
"""0, or NaN after a round that left weights not finite; see ``Players.sees_weights``."""


class Players(keras.Model):
    """Hold a generator and a discriminator, each with its variables, optimizer and loss scale.

    What they play is the business of :class:`advnets.game.AdversarialGame`; here is how a
    player is moved along the gradient of an objective, on any number of replicas and in any
    precision. Only the variables of players that are named are watched and moved.

    Args:
        generator: A built Keras model.
        discriminator: A built Keras model.

    Attributes:
        rounds: The rounds that have been played, an int64 variable.
        norms_every: Every how many rounds the gradients' norms are measured, 1 at first. In
            the others they are logged as 0 (NaN where the gradient is seen not to be finite),
            along with ``norms_measured`` = 0. A norm reads the whole gradient once more,
            which costs a large fully connected game 3 %.
        loss_scales: The loss scales, by player; empty where nothing computes in float16.
        sees_weights: Whether every round logs ``d_weights`` and ``g_weights``: 0, or NaN if a
            network, on any replica, is seen not to be finite after the round. All weights are
            read in rounds that measure norms, the small ones in others. ``False`` at first.
        rate_factors: Of players whose learning rate is a schedule: what it is multiplied by,
            1 at first. Any other rate is a variable of its optimizer.
        skips: Whether a player does not move along a gradient that is not finite, as it
            never does where it has a loss scale; ``False`` at first. Finding out reads the
            whole gradient once more.
        loss: What the players minimise; the game sets it, and messages name it.

    Raises:
        UsageError: If a network is not built.
    """

    loss: Loss

    def __init__(self, generator: keras.Model, discriminator: keras.Model, name: str):
        super().__init__(name=name)
        for role, network in (("generator", generator), ("discriminator", discriminator)):
            if not network.built:
                raise UsageError(
                    f"the {role} is not built",
                    hint="give its first layer an input shape, such as keras.Input((100,))",
                )
        self.generator = generator
        self.discriminator = discriminator
        self.norms_every = 1
        self.skips = False
        self.sees_weights = False
        self.rate_factors: dict[str, tf.Variable] = {}
        # G(z) that overflows reaches D, and G's gradient passes through D: both have one.
        half = any(computes_in(network, "float16") for network in (generator, discriminator))
        players = ("discriminator", "generator") if half else ()
        self.loss_scales = {player: LossScale() for player in players}
        self.rounds = self.add_weight(
            name="rounds",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str = "adam",
        discriminator_optimizer: keras.optimizers.Optimizer | str = "adam",
        jit_compile: bool = False,
        **options: Any,
    ) -> None:
        """Give each player its optimizer.

        Args:
            generator_optimizer: A Keras optimizer or its name.
            discriminator_optimizer: The same for D; an optimizer of its own.
            jit_compile: Whether ``fit`` compiles the round with XLA. Off by default:
                XLA's convolutions are slow on CPUs.
            **options: Passed on to ``keras.Model.compile``.

        Raises:
            UsageError: If both players share one optimizer.
        """
        super().compile(optimizer=None, jit_compile=jit_compile, **options)
        if generator_optimizer is discriminator_optimizer and not isinstance(
            generator_optimizer, str
        ):
            raise UsageError("the players share one optimizer", hint="make one for each")
        self.generator_optimizer = keras.optimizers.get(generator_optimizer)
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer)
        for player in PLAYERS:
            optimizer = getattr(self, f"{player}_optimizer")
            batch.take_reduced_gradients(optimizer)
            schedule = optimizer._learning_rate  # `learning_rate` is its present value
            if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
                optimizer.learning_rate = rate = Scaled(schedule, _factor())
                self.rate_factors[player] = rate.factor
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    def slow_down(self, factor: float) -> None:
        """Multiply both players' learning rates by ``factor``, for good."""
        for player in PLAYERS:
            if player in self.rate_factors:
                kept = self.rate_factors[player]
            else:
                kept = getattr(self, f"{player}_optimizer")._learning_rate.value
            kept.assign(tf.convert_to_tensor(kept) * factor)

    @property
    def may_skip(self) -> bool:
        """Whether a player can have a round in which it does not move."""
        return self.skips or bool(self.loss_scales)

    def watch(self, *players: str) -> tf.GradientTape:
        """Return a tape that records the named players' variables and no others."""
        tape = tf.GradientTape(persistent=len(players) > 1, watch_accessed_variables=False)
        # A GradientTape may watch only while it records.
        return _Watching(tape, [v for player in players for v in self._variables(player)])

    def gradients(
        self, player: str, tape: tf.GradientTape, objective: tf.Tensor
    ) -> list[tf.Tensor | None]:
        """Return the gradient of ``objective`` with respect to the player's variables.

        Where the player has a loss scale, it is that of the scaled objective, divided by the
        scale: NaN or infinite where it overflowed.
        """
        variables = [v.value for v in self._variables(player)]
        scale = self.loss_scales.get(player)
        if scale is None:
            return tape.gradient(objective, variables)
        start = tf.cast(scale.scale, objective.dtype)
        return scale.unscale(tape.gradient(objective, variables, output_gradients=start))

    def apply(self, player: str, gradients: list[tf.Tensor | None]) -> tf.Tensor:
        """Move the player along its gradient, summed over replicas.

        Where the player has a loss scale, or ``skips``, nothing moves along a gradient that is
        not finite.

        Returns:
            The L2 norm of the gradient, a float32 scalar: 0 in a round that measures none; NaN
            or infinite where the gradient is not finite (of large gradients that are not
            measured, as :func:`.finiteness.zero_if_finite` sees it).
        """
        if all(gradient is None for gradient in gradients):
            raise PluginError(
                f"the {player}'s loss does not depend on the {player}: it has no gradient",
                hint=f"check {self.loss!r} and the networks for a stop_gradient",
                module=type(self.loss).__module__,
            )
        reduced = batch.total_gradients(gradients)
        optimizer, variables = getattr(self, f"{player}_optimizer"), self._variables(player)
        scale = self.loss_scales.get(player)
        if scale is None and not self.skips:
            optimizer.apply(reduced, variables)
            return self._norm(reduced)
        moving = [v for g, v in zip(reduced, variables, strict=True) if g is not None]
        finite = all_finite(reduced)  # The same on all replicas, since the sum is.
        batch.if_all_agree(
            finite,
            lambda gradients: optimizer.apply(gradients, moving),
            [g for g in reduced if g is not None],
        )
        if scale is not None:
            scale.learn(finite)
        return tf.where(finite, self._norm(reduced), np.nan)

    def descend(self, player: str, tape: tf.GradientTape, objective: tf.Tensor) -> tf.Tensor:
        """Take the gradient of ``objective``, move the player, return the gradient's L2 norm."""
        return self.apply(player, self.gradients(player, tape, objective))

    def _moves(self, d_norm: tf.Tensor, g_norm: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return what a round logs of the players' moves: norms, loss scales, skipped steps."""
        logs = dict(zip(SAMPLED_NORMS, (d_norm, g_norm), strict=True))
        for player, norm in (("discriminator", d_norm), ("generator", g_norm)):
            if player in self.loss_scales:
                logs[f"{player[0]}_loss_scale"] = tf.identity(self.loss_scales[player].scale)
            if player in self.loss_scales or self.skips:
                logs[f"{player[0]}_skipped"] = tf.cast(tf.math.is_nan(norm), tf.float32)
        return logs if self.norms_every == 1 else logs | {NORMS_MEASURED: self._norms_due()}

    def _weights_seen(self) -> dict[str, tf.Tensor]:
        """Return this replica's part of what :data:`WEIGHTS_SEEN` log, of both players."""
        if not self.sees_weights:
            return {}
        networks = (self.discriminator, self.generator)
        return dict(zip(WEIGHTS_SEEN, map(self._seen, networks), strict=True))

    def _seen(self, network: keras.Model) -> tf.Tensor:
        weights = [w.value for w in network.weights if tf.as_dtype(w.dtype).is_floating]
        if sum(w.shape.num_elements() for w in weights) <= MOST_CHECKED:
            return zero_if_finite(weights)
        return tf.cond(
            self._norms_due() > 0,
            lambda: zero_if_all_finite(weights),
            lambda: zero_if_finite(weights),
        )

    def _norms_due(self) -> tf.Tensor:
        """Return 1 in a round that measures gradient norms, 0 in others."""
        due = tf.equal(tf.convert_to_tensor(self.rounds) % self.norms_every, 0)
        return tf.cast(due, tf.float32)

    def _norm(self, gradients: list[tf.Tensor | None]) -> tf.Tensor:
        """Return the L2 norm of the global batch's gradient; in a round that measures none, 0 or
        NaN.
        """
        if self.norms_every == 1:
            return batch.global_norm(gradients)
        return tf.cond(
            self._norms_due() > 0,
            lambda: batch.global_norm(gradients),
            lambda: zero_if_finite(gradients),
        )

    def _variables(self, player: str) -> list[Any]:
        return getattr(self, player).trainable_variables


def _factor() -> tf.Variable:
    """Make a variable of 1.0, the same on all replicas."""
    same = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(1.0, trainable=False, aggregation=same, dtype=tf.float32)


class _Watching:
    """Watch the given variables as soon as this gradient tape records."""

    def __init__(self, tape: tf.GradientTape, variables: list[Any]):
        self._tape, self._watched = tape, variables

    def __enter__(self) -> tf.GradientTape:
        self._tape.__enter__()
        for variable in self._watched:
            self._tape.watch(variable.value)
        return self._tape

    def __exit__(self, *exception: Any) -> None:
        self._tape.__exit__(*exception)
