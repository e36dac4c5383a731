"""Algorithm 1 of the paper: k steps of the discriminator, then one of the generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from .. import batch
from ..update_rule import UpdateRule

if TYPE_CHECKING:
    from ..game import AdversarialGame


class Alternating(UpdateRule):
    """The players move in turn, each step on fresh noise, each D step on fresh examples.

    Args:
        discriminator_steps: k, the number of D steps in a round; the paper used k = 1.

    Source: Goodfellow et al. 2014, Algorithm 1.
    """

    def __init__(self, discriminator_steps: int = 1):
        self.discriminator_steps = discriminator_steps

    def round(self, game: AdversarialGame, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """One iteration of Algorithm 1; see :meth:`UpdateRule.round`.

        D's figures are those of its last step, before it moved.
        """
        for i, x in enumerate(batch.split(real, self.discriminator_steps)):  # for k steps do
            with game.watch("discriminator") as tape:
                seen = game.play(x, f"discriminator/{i}")
                d_loss = game.discriminator_objective(seen)
            d_norm = game.descend("discriminator", tape, d_loss)
        with game.watch("generator") as tape:
            play = game.play(x, "generator", judge_real=game.generator_needs_real)
            g_loss = game.generator_objective(play)
        g_norm = game.descend("generator", tape, g_loss)
        return game.conclude(seen, d_loss, g_loss, d_norm, g_norm)
