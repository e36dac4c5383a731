"""Hold the two players, and move each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import UsageError
from ..networks import computes_in
from . import batch
from .added_losses import hand_over_added_losses
from .compiling import refuse_options
from .finiteness import MOST_CHECKED, all_finite, zero_if_all_finite, zero_if_finite
from .fitting import Fitting
from .loss_scale import LossScale
from .losses import Loss
from .optimizers import PlayersOptimizer, adopt, parts
from .parts import Kept
from .reach import refuse_frozen, refuse_unreached
from .replica_seeds import draw_apart
from .role import PLAYERS, Role

SAMPLED_NORMS = ("d_gradient_norm", "g_gradient_norm")
"""What a round logs of gradients; see ``Players.norms_every``."""
NORMS_MEASURED = "norms_measured"
"""1 or 0: whether a round measured them; logged where not every round does."""
WEIGHTS_SEEN = ("d_weights", "g_weights")
"""0, or NaN after a round that left weights not finite; see ``Players.sees_weights``."""
OPTIMIZERS = {"generator_optimizer", "discriminator_optimizer", "own_optimizers", "optimizer"}
"""What ``compile`` alone sets."""
COMPILE_AGAIN = "game.compile(generator_optimizer=…, discriminator_optimizer=…)"


class Players(Fitting):
    """Hold the networks of two players, with their variables, optimizers and loss scales.

    What they play is the business of :class:`advnets.game.AdversarialGame`; here is how a
    player is moved along the gradient of an objective, on any number of replicas and in any
    precision. Only the variables of players that are named are watched and moved. A network
    moves with one player, by its optimizer or one of its own, or never.

    Args:
        networks: Built Keras models, ``generator`` and ``discriminator`` among them.
        roles: What each of them does.

    Attributes:
        networks: All networks, by name; the two players' are attributes as well.
        roles: What each of them takes and gives, and whom it moves with.
        rounds: The rounds that have been played, an int64 variable.
        norms_every: Every how many rounds the gradients' norms are measured, 1 at first. In
            the others they are logged as 0 (NaN where the gradient is seen not to be finite),
            along with ``norms_measured`` = 0. A norm reads the whole gradient once more,
            which costs a large fully connected game 3 %.
        loss_scales: The loss scales, by player; empty where nothing computes in float16.
        sees_weights: Whether every round logs ``d_weights`` and ``g_weights``: 0, or NaN if a
            network, on any replica, is seen not to be finite after the round. All weights are
            read in rounds that measure norms, the small ones in others. ``False`` at first.
        optimizer: What Keras's callbacks see: all optimizers as one (:class:`PlayersOptimizer`).
        rate_factors: Of optimizers whose learning rate is a schedule: what it is multiplied by,
            1 at first. Any other rate is a variable of its optimizer.
        skips: Whether a player does not move along a gradient that is not finite, as it
            never does where it has a loss scale; ``False`` at first. Finding out reads the
            whole gradient once more.
        loss: What the players minimise; the game sets it, and messages name it.

    Raises:
        UsageError: If a network is not built.
    """

    loss: Loss
    _compiling = False

    def __init__(self, networks: Mapping[str, keras.Model], roles: Mapping[str, Role], name: str):
        super().__init__(name=name)
        for network_name, network in networks.items():
            if not network.built:
                raise UsageError(
                    f"the {network_name} is not built",
                    hint="give its first layer an input shape, such as keras.Input((100,))",
                )
        self.generator = networks["generator"]
        self.discriminator = networks["discriminator"]
        self.networks = dict(networks)
        self.roles = dict(roles)
        for name in self.networks:
            hand_over_added_losses(self.networks[name])
            draw_apart(self.networks[name])
            if self.roles[name].player is None:
                self.networks[name].trainable = False
        self.norms_every = 1
        self.skips = False
        self.sees_weights = False
        self.rate_factors: dict[str, tf.Variable] = {}
        self._compiled_for: dict[str, set[int]] = {}
        # G(z) that overflows reaches D, and G's gradient passes through D: both have one.
        half = any(computes_in(network, "float16") for network in networks.values())
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
        generator_optimizer: keras.optimizers.Optimizer | str | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None = None,
        optimizers: Mapping[str, keras.optimizers.Optimizer | str] | None = None,
        jit_compile: bool | str = False,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        **options: Any,
    ) -> None:
        """Give each player its optimizer.

        Args:
            generator_optimizer: A Keras optimizer or its name; ``adam`` for both players where
                neither has one.
            discriminator_optimizer: The same for D; an optimizer of its own.
            optimizers: Of further networks that have one of their own, by name; the others
                move by their player's.
            jit_compile: Whether ``fit`` compiles the round with XLA. Off by default:
                XLA's convolutions are slow on CPUs.
            run_eagerly: Whether rounds are played operation by operation, to look into them.
            steps_per_execution: The batches between two calls of callbacks.
            **options: What else ``keras.Model.compile`` takes; none of it fits a game.

        Raises:
            UsageError: If both players share one optimizer, or one has none; if an optimizer has
                an option that does not do here what it says; if all variables of a player are
                frozen, or if there are other options. What was compiled before then stays.
        """
        refuse_options(options)
        given = dict(zip(PLAYERS, (generator_optimizer, discriminator_optimizer), strict=True))
        if [None] == [one for one in given.values() if one is None]:
            lacking = next(player for player, one in given.items() if one is None)
            raise UsageError(
                f"each player has an optimizer of its own, and the {lacking} is given none",
                hint=COMPILE_AGAIN,
            )
        everyone = {
            name: keras.optimizers.get(one or "adam")
            for name, one in {**given, **(optimizers or {})}.items()
        }
        own = {name: one for name, one in everyone.items() if name not in PLAYERS}
        for name in optimizers or {}:
            if name in PLAYERS or name not in self.networks or not self._player_of(name):
                moving = [one for one in self.networks if self._player_of(one)]
                raise UsageError(
                    f"there is an optimizer for {name!r}, which is no further network that moves",
                    where=f"optimizers.{name}",
                    hint=f"networks that move: {', '.join(moving)}",
                )
        for player in PLAYERS:
            if movers := self._movers(player):
                refuse_frozen(player, movers, None)
        if len({id(one) for one in everyone.values()}) < len(everyone):
            raise UsageError("the players share one optimizer", hint="make one for each")
        moved = {name: [v for _, v in self._moved_by(name, own)] for name in everyone}
        factors = adopt(everyone, moved)
        self._check_draws()
        self._compiling = True
        try:
            super().compile(
                optimizer=None,
                jit_compile=jit_compile,
                run_eagerly=run_eagerly,
                steps_per_execution=steps_per_execution,
            )
            self._loss_tracker = None  # Keras's own loss, which nobody tells anything
            self.generator_optimizer = everyone["generator"]
            self.discriminator_optimizer = everyone["discriminator"]
            self.own_optimizers = own
            self.rate_factors = factors
            self.optimizer = PlayersOptimizer(self)
            self._compiled_for = {p: {id(v) for v in self._variables(p)} for p in PLAYERS}
        finally:
            self._compiling = False

    def _check_draws(self) -> None:
        """Refuse what is told to the players if it is not drawn as it must be."""

    @property
    def optimizers(self) -> Mapping[str, keras.optimizers.Optimizer]:
        """The optimizers of the players, and of networks that have one of their own."""
        everyone = {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
            **self.own_optimizers,
        }
        return Kept("optimizers", everyone, COMPILE_AGAIN)

    def _player_of(self, network: str) -> str | None:
        return self.roles[network].player

    def _moved_by(
        self, optimizer: str, own: Mapping[str, Any] | None = None
    ) -> list[tuple[int, Any]]:
        """Return the variables that an optimizer moves, with their places among their player's.

        Args:
            optimizer: Its name.
            own: What networks have an optimizer of their own; as compiled by default.
        """
        own = self.own_optimizers if own is None else own
        player = optimizer if optimizer in PLAYERS else self._player_of(optimizer)
        found, index = [], 0
        for name in self._networks_of(player):
            by = name if name in own else player
            for variable in self.networks[name].trainable_variables:
                if by == optimizer:
                    found.append((index, variable))
                index += 1
        return found

    def _networks_of(self, player: str | None) -> list[str]:
        """Return the names of the networks that move with a player, its own first."""
        others = [name for name in self.networks if name not in PLAYERS]
        return [name for name in (player, *others) if name and self._player_of(name) == player]

    def _movers(self, player: str) -> dict[str, keras.Model]:
        return {name: self.networks[name] for name in self._networks_of(player)}

    def slow_down(self, factor: float, *names: str) -> None:
        """Multiply the learning rates of optimizers by ``factor``, for good: of all by default."""
        for name in names or self.optimizers:
            for rate in self.rates_of(name):
                rate.assign(tf.convert_to_tensor(rate) * factor)

    def rates_of(self, name: str) -> list[tf.Variable]:
        """Return what an optimizer's learning rates are kept in: of a schedule, its factor."""
        kept = []
        for part, optimizer in parts({name: self.optimizers[name]}).items():
            factor = self.rate_factors.get(part)
            kept.append(optimizer._learning_rate.value if factor is None else factor)
        return kept

    @property
    def may_skip(self) -> bool:
        """Whether a player can have a round in which it does not move."""
        return self.skips or bool(self.loss_scales)

    def refuse_changed_variables(self, *players: str) -> None:
        """Refuse other variables than those that the optimizers were built for.

        Args:
            *players: Whose; all by default.

        Raises:
            UsageError: If ``trainable`` was changed.
        """
        for player in players or PLAYERS:
            if movers := self._movers(player):
                refuse_frozen(player, movers, self._compiled_for.get(player))

    def watch(self, *players: str) -> tf.GradientTape:
        """Return a tape that records the named players' variables and no others."""
        self.refuse_changed_variables(*players)
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
        refuse_unreached(player, self._movers(player), gradients, self.loss)
        reduced = batch.total_gradients(gradients)
        scale = self.loss_scales.get(player)
        if scale is None and not self.skips:
            for optimizer, moved in self._moves_of(player):
                optimizer.apply([reduced[i] for i, _ in moved], [v for _, v in moved])
            return self._norm(reduced)
        finite = all_finite(reduced)  # The same on all replicas, since the sum is.

        def move(gradients: list[tf.Tensor]) -> None:
            places = (i for i, gradient in enumerate(reduced) if gradient is not None)
            given = dict(zip(places, gradients, strict=True))
            for optimizer, moved in self._moves_of(player):
                reached = [(given[i], v) for i, v in moved if i in given]
                optimizer.apply([g for g, _ in reached], [v for _, v in reached])

        batch.if_all_agree(finite, move, [g for g in reduced if g is not None])
        if scale is not None:
            scale.learn(finite)
        return tf.where(finite, self._norm(reduced), np.nan)

    def descend(self, player: str, tape: tf.GradientTape, objective: tf.Tensor) -> tf.Tensor:
        """Take the gradient of ``objective``, move the player, return the gradient's L2 norm."""
        return self.apply(player, self.gradients(player, tape, objective))

    def _moves(self, norms: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what a round logs of the players' moves: norms, loss scales, skipped steps."""
        moved = [(player, norms[player]) for player in reversed(PLAYERS) if player in norms]
        logs = {f"{player[0]}_gradient_norm": norm for player, norm in moved}
        for player, norm in moved:
            if player in self.loss_scales:
                logs[f"{player[0]}_loss_scale"] = tf.identity(self.loss_scales[player].scale)
            if player in self.loss_scales or self.skips:
                logs[f"{player[0]}_skipped"] = tf.cast(tf.math.is_nan(norm), tf.float32)
        return logs if self.norms_every == 1 else logs | {NORMS_MEASURED: self._norms_due()}

    def _weights_seen(self) -> dict[str, tf.Tensor]:
        """Return this replica's part of what :data:`WEIGHTS_SEEN` log, of both players."""
        if not self.sees_weights:
            return {}
        players = ("discriminator", "generator")
        return dict(zip(WEIGHTS_SEEN, map(self._seen, players), strict=True))

    def _seen(self, player: str) -> tf.Tensor:
        held = [w for name in self._networks_of(player) for w in self.networks[name].weights]
        weights = [w.value for w in held if tf.as_dtype(w.dtype).is_floating]
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
        networks = (self.networks[name] for name in self._networks_of(player))
        return [variable for network in networks for variable in network.trainable_variables]

    def _moves_of(self, player: str) -> list[tuple[keras.optimizers.Optimizer, list[Any]]]:
        """Return the optimizers that move a player, each with its variables and their places."""
        names = [player, *(n for n in self.own_optimizers if self._player_of(n) == player)]
        found = [(self.optimizers[name], self._moved_by(name)) for name in names]
        return [(optimizer, moved) for optimizer, moved in found if moved]


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
