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
from .finiteness import MOST_CHECKED, all_finite, zero_if_all_finite, zero_if_finite
from .lazily import Rota
from .loss_scale import LossScale
from .losses import Loss
from .movers import Movers
from .point import Point
from .reach import refuse_unreached, say_unreached
from .replica_seeds import draw_apart
from .role import PLAYERS, Role
from .state import find_variables

SAMPLED_NORMS = ("d_gradient_norm", "g_gradient_norm")
"""What a round logs of gradients; see ``Players.norms_every``."""
NORMS_MEASURED = "norms_measured"
"""1 or 0: whether a round measured them; logged where not every round does."""
WEIGHTS_SEEN = ("d_weights", "g_weights")
"""0, or NaN after a round that left weights not finite; see ``Players.sees_weights``."""


class Players(Movers):
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
            which costs a large fully connected game 3 %. With lazy penalties it is each round.
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
        rota: Says which penalties a round has, where some are taken lazily; the game sets it.

    Raises:
        UsageError: If a network is not built.
    """

    loss: Loss
    rota: Rota

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
        self._unreached_said: set[str] = set()
        self.rounds = self.add_weight(
            name="rounds",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    @property
    def may_skip(self) -> bool:
        """Whether a player can have a round in which it does not move."""
        return self.skips or bool(self.loss_scales)

    def watch(self, *players: str) -> tf.GradientTape:
        """Return a tape that records the named players' variables and no others."""
        self.refuse_changed_variables(*players)
        tape = tf.GradientTape(persistent=len(players) > 1, watch_accessed_variables=False)
        # A GradientTape may watch only while it records.
        return _Watching(tape, [v for player in players for v in self.weights_moved_by(player)])

    def gradients(
        self, player: str, tape: tf.GradientTape, objective: tf.Tensor
    ) -> list[tf.Tensor | None]:
        """Return the gradient of ``objective`` with respect to the player's variables.

        Where the player has a loss scale, it is that of the scaled objective, divided by the
        scale: NaN or infinite where it overflowed. ``None`` where nothing reaches a variable.
        """
        variables = [v.value for v in self.weights_moved_by(player)]
        scale = self.loss_scales.get(player)
        if scale is None:
            found = _dense(tape.gradient(objective, variables))
        else:
            start = tf.cast(scale.scale, objective.dtype)
            scaled = tape.gradient(objective, variables, output_gradients=start)
            found = scale.unscale(_dense(scaled))
        return self.rota.completed(player, found, variables)

    def apply(
        self, player: str, gradients: list[tf.Tensor | None], when: bool | tf.Tensor = True
    ) -> tf.Tensor:
        """Move the player along its gradient, summed over replicas.

        Where the player has a loss scale, or ``skips``, nothing moves along a gradient that is
        not finite.

        Args:
            player: Who moves.
            gradients: This replica's, as :meth:`gradients` returns them.
            when: Whether it moves in this round, a bool that is the same on all replicas; the
                gradient is paid for in any case.

        Returns:
            The L2 norm of the gradient, a float32 scalar: 0 in a round that measures none; NaN
            or infinite where the gradient is not finite (of large gradients that are not
            measured, as :func:`.finiteness.zero_if_finite` sees it).
        """
        refuse_unreached(player, self._movers(player), gradients, self.loss)
        if player not in self._unreached_said:
            self._unreached_said.add(player)
            say_unreached(player, self._movers(player), gradients)
        reduced = batch.total_gradients(gradients)
        scale = self.loss_scales.get(player)
        if scale is None and not self.skips and when is True:
            for optimizer, moved in self._moves_of(player):
                reached = [(reduced[i], v) for i, v in moved if reduced[i] is not None]
                optimizer.apply([g for g, _ in reached], [v for _, v in reached])
            return self._norm(reduced)
        checked = scale is not None or self.skips
        # The same on all replicas, since the sum is.
        finite = all_finite(reduced) if checked else tf.constant(True)

        def move(gradients: list[tf.Tensor]) -> None:
            places = (i for i, gradient in enumerate(reduced) if gradient is not None)
            given = dict(zip(places, gradients, strict=True))
            for optimizer, moved in self._moves_of(player):
                reached = [(given[i], v) for i, v in moved if i in given]
                optimizer.apply([g for g, _ in reached], [v for _, v in reached])

        moving = tf.logical_and(finite, when)
        batch.if_all_agree(moving, move, [g for g in reduced if g is not None])
        if scale is not None:
            scale.learn(finite)
        norm = self._norm(reduced)
        return tf.where(finite, norm, np.nan) if checked else norm

    def point(self, *players: str, everything: bool = False) -> Point:
        """Return where players stand, for :meth:`put_back` later in the round.

        A step that is put back is not differentiated through: what it was taken at is constant.

        Args:
            *players: Whose networks.
            everything: Whether also what else a step moves: optimizers, batch statistics, and
                loss scales; else the trainable weights alone.
        """
        weights = [variable for player in players for variable in self.weights_moved_by(player)]
        if everything:
            networks = [self.networks[name] for p in players for name in self._networks_of(p)]
            weights = [variable for network in networks for variable in network.variables]
            weights += [v for p in players for one, _ in self._moves_of(p) for v in one.variables]
        held = {id(variable.value): variable.value for variable in weights}
        if everything:  # layers may hold variables that Keras does not know of
            held |= {id(one): one for network in networks for _, one in find_variables(network)}
        scales = [self.loss_scales[p] for p in players if everything and p in self.loss_scales]
        kept = [v for scale in scales for v in (scale.scale, scale.good_steps)]
        return Point.of([*held.values(), *kept])

    def put_back(self, point: Point) -> None:
        """Put players back to where they stood."""
        point.put_back()

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
        return logs if self._measured_every() == 1 else logs | {NORMS_MEASURED: self._norms_due()}

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

    def _measured_every(self) -> int:
        """Return every how many rounds norms are measured.

        With lazy penalties in each: of every tenth round, say, a penalty in every fifth one has
        part in all, and the mean would be that of rounds with it.
        """
        return 1 if self.rota.every else self.norms_every

    def _norms_due(self) -> tf.Tensor:
        """Return 1 in a round that measures gradient norms, 0 in others."""
        due = tf.equal(tf.convert_to_tensor(self.rounds) % self._measured_every(), 0)
        return tf.cast(due, tf.float32)

    def _norm(self, gradients: list[tf.Tensor | None]) -> tf.Tensor:
        """Return the L2 norm of the global batch's gradient; in a round that measures none, 0 or
        NaN.
        """
        if self._measured_every() == 1:
            return batch.global_norm(gradients)
        return tf.cond(
            self._norms_due() > 0,
            lambda: batch.global_norm(gradients),
            lambda: zero_if_finite(gradients),
        )


def _dense(gradients: list[Any]) -> list[tf.Tensor | None]:
    """Return gradients as tensors: an ``Embedding``'s has a part for each time a row is read."""
    return [g if g is None else tf.convert_to_tensor(g) for g in gradients]


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
