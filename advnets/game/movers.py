"""Know which variables move with which player, by which optimizer; compile a game."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from ..errors import UsageError
from .compiling import refuse_options
from .fitting import Fitting
from .optimizers import PlayersOptimizer, adopt, parts
from .parts import Kept
from .reach import refuse_frozen
from .role import PLAYERS, Role

OPTIMIZERS = {"generator_optimizer", "discriminator_optimizer", "own_optimizers", "optimizer"}
"""What ``compile`` alone sets."""
COMPILE_AGAIN = "game.compile(generator_optimizer=…, discriminator_optimizer=…)"


class Movers(Fitting):
    """Give the networks that move with a player its optimizer, or one of their own.

    Attributes:
        roles: What each of the networks takes and gives, and whom it moves with.
        rate_factors: See :class:`advnets.game.players.Players`.
    """

    roles: Mapping[str, Role]
    rate_factors: dict[str, tf.Variable]
    _compiled_for: dict[str, set[int]]
    _compiling = False

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
        factors = adopt(everyone, moved, self.rounds.value)
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
            self._compiled_for = {p: {id(v) for v in self.weights_moved_by(p)} for p in PLAYERS}
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

    def weights_moved_by(self, player: str) -> list[Any]:
        """Return what a player moves: the trainable variables of its networks, in one order."""
        networks = (self.networks[name] for name in self._networks_of(player))
        return [variable for network in networks for variable in network.trainable_variables]

    def _moves_of(self, player: str) -> list[tuple[keras.optimizers.Optimizer, list[Any]]]:
        """Return the optimizers that move a player, each with its variables and their places."""
        names = [player, *(n for n in self.own_optimizers if self._player_of(n) == player)]
        found = [(self.optimizers[name], self._moved_by(name)) for name in names]
        return [(optimizer, moved) for optimizer, moved in found if moved]
