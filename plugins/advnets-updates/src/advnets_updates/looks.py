"""Share what the rules have in common: both players' gradients of one play."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import tensorflow as tf

from advnets.game import PLAYERS, Batch, Play

if TYPE_CHECKING:
    from advnets.game import AdversarialGame

Gradients = dict[str, list[tf.Tensor | None]]


class Look(NamedTuple):
    """Hold what both players saw in one play, from where they stand.

    Attributes:
        play: What was played.
        losses: What each player minimises, a float32 scalar: this replica's share.
        gradients: Of each player's loss with respect to its own weights, this replica's.
    """

    play: Play
    losses: dict[str, tf.Tensor]
    gradients: Gradients


def look(game: AdversarialGame, batch: Batch, stage: str) -> Look:
    """Take both players' gradients of one play, before either moves."""
    with game.watch(*PLAYERS) as tape:
        play = game.play(batch, stage, together=False)
        losses = {player: game.objective(player, play) for player in PLAYERS}
    gradients = {player: game.gradients(player, tape, losses[player]) for player in PLAYERS}
    return Look(play, losses, gradients)
