"""Let G answer the D that would have answered it: unrolled games, of first order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from advnets import validated_by
from advnets.game import Batch, Play, UpdateRule

from .hooks import UnrolledParameters

if TYPE_CHECKING:
    from advnets.game import AdversarialGame


class Unrolled(UpdateRule):
    """Move G by its gradient against a D that is ``steps`` steps ahead, then D by one step.

    D looks ahead on the round's batch by its own optimizer, and all of it is put back (weights,
    moments, statistics of batches), as are G's statistics. G's gradient does not run back through
    these steps: that is the first-order form; in the paper it does.

    Args:
        steps: k, how far D is unrolled; with 0 both move from where they stand.

    Source: Metz et al. 2017 (arXiv:1611.02163), equations 6 to 11, without the second term of the
    gradient in equation 12.
    """

    @validated_by(UnrolledParameters)
    def __init__(self, steps: int = 5):
        self.steps = steps

    def round(self, game: AdversarialGame, batches: list[Batch]) -> dict[str, tf.Tensor]:
        """Play one round; see :meth:`advnets.game.UpdateRule.round`."""
        here = game.point("discriminator", everything=True)
        made = game.point("generator", everything=True)  # its statistics of batches move, too
        for i in range(self.steps):
            _descend(game, batches[0], f"ahead/{i}")
        game.put_back(made)
        with game.watch("generator") as tape:
            play = game.play(batches[0], "generator", judge_real=game.generator_needs_real)
            g_loss = game.objective("generator", play)
        gradients = game.gradients("generator", tape, g_loss)
        game.put_back(here)
        seen, d_loss, d_norm = _descend(game, batches[0], "discriminator")
        norms = {"discriminator": d_norm, "generator": game.apply("generator", gradients)}
        return game.conclude(seen, {"discriminator": d_loss, "generator": g_loss}, norms)


def _descend(game: AdversarialGame, batch: Batch, stage: str) -> tuple[Play, tf.Tensor, tf.Tensor]:
    with game.watch("discriminator") as tape:
        play = game.play(batch, stage)
        loss = game.objective("discriminator", play)
    return play, loss, game.descend("discriminator", tape, loss)
