"""Order the players' moves: by Algorithm 1 of the paper, or as the authors' code does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from ..builtin.games import AlternatingParameters
from ..plugins.origins import at_fault
from ..recipe.validated import validated_by
from .batches import Batch
from .configured import Configured
from .role import Declared

if TYPE_CHECKING:
    from .game import AdversarialGame
    from .play import Play


TURNS = ("discriminator", "generator")
"""The players, in the order of Algorithm 1."""


class UpdateRule(Configured):
    """Define who moves when in a round; the base class of update rules.

    Attributes:
        batches: k, the batches of real examples that a round uses.
        streams: The further streams of examples that it reads, as of an :class:`.Encounter`.
    """

    batches: int = 1
    streams: Declared = ()

    def prepare(self, game: AdversarialGame) -> None:
        """Make what the rule remembers of the players, once, when a game is made of it.

        A variable for each weight, say: :func:`advnets.game.state` of the shapes of
        ``game.weights_moved_by(player)``, held as attributes.
        """

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one round: move both players.

        Args:
            game: The game. For rules are ``play``, ``objective``, ``watch``, ``gradients``,
                ``apply``, ``descend``, ``point``, ``put_back`` and ``conclude``.
            batches: This replica's k batches of real examples for the round.

        Returns:
            What to log: scalars that are equal on all replicas.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no round")

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what else is to be logged, by name, each ``[N]``."""
        return {}

    def update(self, play: Play) -> None:
        """Change the rule's own state, once a round, where replicas meet."""


def check_batches(rule: UpdateRule) -> None:
    """Refuse a rule that does not say how many batches a round uses.

    Raises:
        PluginError: With what it says.
    """
    k = rule.batches
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise at_fault(
            rule,
            f"{rule!r} says that a round uses {k!r} batches of real examples; a whole number, at "
            "least 1, was expected",
            hint="`batches = 2` in its class, or an attribute that its constructor sets",
        )


def check_logged(rule: UpdateRule, logs: Any) -> dict[str, tf.Tensor]:
    """Refuse what a round returned unless it is scalars by name.

    Raises:
        PluginError: With what was returned.
    """
    found = "" if isinstance(logs, Mapping) else type(logs).__name__
    if not found:
        others = (name for name, value in logs.items() if tf.convert_to_tensor(value).shape.rank)
        wrong = next(others, None)
        if wrong is None:
            return dict(logs)
        found = f"{wrong!r} of the shape {tf.convert_to_tensor(logs[wrong]).shape.as_list()}"
    raise at_fault(
        rule,
        f"{type(rule).__name__}.round returned {found}; scalars by name were expected",
        hint="return game.conclude(play, {player: loss}, {player: norm})",
    )


class Alternating(UpdateRule):
    """Move the players in turn, each step on fresh noise, each D step on fresh examples.

    Args:
        discriminator_steps: k, the number of D steps in a round; the paper used k = 1.

    Source: Goodfellow et al. 2014, Algorithm 1.
    """

    @validated_by(AlternatingParameters)
    def __init__(self, discriminator_steps: int = 1):
        self.discriminator_steps = discriminator_steps

    @property
    def batches(self) -> int:  # type: ignore[override]  # nothing assigns to it
        """The batches of a round: one for each D step."""
        return self.discriminator_steps

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one iteration of Algorithm 1; see :meth:`UpdateRule.round`.

        D's figures are those of its last step, before it moved.
        """
        losses, norms = {}, {}
        for i, x in enumerate(batches):  # for k steps do
            with game.watch("discriminator") as tape:
                seen = game.play(x, f"discriminator/{i}")
                losses["discriminator"] = game.objective("discriminator", seen)
            norms["discriminator"] = game.descend("discriminator", tape, losses["discriminator"])
        with game.watch("generator") as tape:
            play = game.play(x, "generator", judge_real=game.generator_needs_real)
            losses["generator"] = game.objective("generator", play)
        norms["generator"] = game.descend("generator", tape, losses["generator"])
        return game.conclude(seen, losses, norms)


class Simultaneous(UpdateRule):
    """Move both players by gradients at the old parameters, on the same x, z and dropout masks.

    G(z) is computed once and judged once, for both players.

    Source: the authors' code of Goodfellow et al. 2014, which differs in this from
    the paper's Algorithm 1.
    """

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one simultaneous move of both players; see :meth:`UpdateRule.round`."""
        with game.watch("discriminator", "generator") as tape:
            # In one pass together, G's gradient would run back through D's layers for the
            # real examples as well, as zeros: 14 % more time in the MNIST game.
            play = game.play(batches[0], "both", together=False)
            losses = {player: game.objective(player, play) for player in TURNS}
        # Both gradients are taken before either player moves.
        gradients = {player: game.gradients(player, tape, losses[player]) for player in TURNS}
        norms = {player: game.apply(player, gradients[player]) for player in TURNS}
        return game.conclude(play, losses, norms)
