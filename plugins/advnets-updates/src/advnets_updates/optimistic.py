"""Move as if the next gradient changed as the last one did: optimistic gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from advnets.game import PLAYERS, Batch, UpdateRule, state, total_gradients

from .looks import look

if TYPE_CHECKING:
    from advnets.game import AdversarialGame


class Optimistic(UpdateRule):
    """Move both players by 2 g_t − g_(t−1): with plain descent w ← w − 2η g_t + η g_(t−1).

    The optimizer is given that difference as its gradient, and is SGD in the paper's
    algorithm (its Adam form puts the difference behind Adam's moments instead). g_0 is 0, so the
    first step is twice as long. The gradient before is a variable for each weight, in every
    checkpoint; it is that of the last round in which the player moved.

    Source: Daskalakis et al. 2018 (arXiv:1711.00141).
    """

    def __init__(self) -> None:
        self.before: dict[str, list[tf.Variable]] = {}

    def prepare(self, game: AdversarialGame) -> None:
        """Make a variable of zeros for each weight."""
        for player in PLAYERS:
            weights = game.weights_moved_by(player)
            self.before[player] = [state(tf.zeros(weight.shape)) for weight in weights]

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one round; see :meth:`advnets.game.UpdateRule.round`."""
        seen = look(game, batches[0], "both")
        replicas = float(game.draw().replicas)
        norms = {}
        for player in PLAYERS:
            now = seen.gradients[player]
            pairs = [*zip(now, self.before[player], strict=True)]
            # Gradients of replicas are added up, and the one before is whole on each of them.
            moved = [None if g is None else 2.0 * g - before / replicas for g, before in pairs]
            norms[player] = game.apply(player, moved)
            # A round that was skipped, since a gradient was not finite, leaves nothing behind.
            moves = tf.math.is_finite(norms[player])
            for gradient, before in zip(total_gradients(now), self.before[player], strict=True):
                if gradient is not None:
                    before.assign(tf.where(moves, gradient, before))
        return game.conclude(seen.play, seen.losses, norms)
