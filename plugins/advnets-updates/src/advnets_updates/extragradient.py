"""Move by the gradients of where one would have gone: extragradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from advnets.game import PLAYERS, Batch, UpdateRule

from .looks import look

if TYPE_CHECKING:
    from advnets.game import AdversarialGame


class Extragradient(UpdateRule):
    """Look ahead, θ′ = θ − η ∇L(θ), and move by what is seen there: θ ← θ − η ∇L(θ′).

    Both players look and move at the same time; η ∇L is a step of each player's optimizer.
    Each of the two gradients is of a batch of its own, and a round so uses two. The weights alone
    are put back, so that an optimizer's moments follow both gradients, as the authors' ExtraAdam
    has it.

    Source: Korpelevich 1976; for these games Gidel et al. 2019 (arXiv:1802.10551), algorithm 2.
    """

    batches = 2

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one round; see :meth:`advnets.game.UpdateRule.round`."""
        here = game.point(*PLAYERS)
        ahead = look(game, batches[0], "ahead")
        for player in PLAYERS:
            game.apply(player, ahead.gradients[player])
        there = look(game, batches[1], "there")
        game.put_back(here)
        norms = {player: game.apply(player, there.gradients[player]) for player in PLAYERS}
        return game.conclude(there.play, there.losses, norms)
