"""Follow one's own gradient, and shorten both: consensus optimization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import PLAYERS, Batch, UpdateRule, scheduled, total_gradients

from .hooks import ConsensusParameters

if TYPE_CHECKING:
    from advnets.game import AdversarialGame


class Consensus(UpdateRule):
    """Move each player by ∇_own L_own + γ ∇_own ½ ‖v‖², v = (∇_D L_D, ∇_G L_G).

    v rotates around the game's fixed point, and ‖v‖² falls towards it. Both players move at
    the same time. The norm is of the global batch's gradient, so that the number of replicas
    changes nothing.

    Args:
        weight: γ, a number or a schedule; 10 in the authors' code.

    Source: Mescheder, Nowozin and Geiger 2017 (arXiv:1705.10461).
    """

    @validated_by(ConsensusParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 10.0):
        self.weight = scheduled(weight)

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one round; see :meth:`advnets.game.UpdateRule.round`."""
        with game.watch(*PLAYERS) as outer:
            with game.watch(*PLAYERS) as inner:
                play = game.play(batches[0], "both", together=False)
                losses = {player: game.objective(player, play) for player in PLAYERS}
            own = {player: game.gradients(player, inner, losses[player]) for player in PLAYERS}
            # ∇ ½‖v‖² = Jᵀ v, J being the sum of the replicas': each gives its Jᵀ for the whole v.
            both = [gradient for player in PLAYERS for gradient in own[player]]
            pairs = [
                (g, v) for g, v in zip(both, total_gradients(both), strict=True) if g is not None
            ]
            along = tf.add_n([tf.reduce_sum(g * tf.stop_gradient(v)) for g, v in pairs])
        norms = {}
        for player in PLAYERS:
            towards = game.gradients(player, outer, along)
            moved = [_sum(g, c, self.weight()) for g, c in zip(own[player], towards, strict=True)]
            norms[player] = game.apply(player, moved)
        return game.conclude(play, losses, norms)


def _sum(own: tf.Tensor | None, towards: tf.Tensor | None, weight: tf.Tensor) -> tf.Tensor | None:
    if towards is None:
        return own
    return weight * towards if own is None else own + weight * towards
