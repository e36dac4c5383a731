"""Order the players' moves: by Algorithm 1 of the paper, or as the authors' code does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from . import batch

if TYPE_CHECKING:
    from .game import AdversarialGame


class UpdateRule:
    """Define who moves when in a round; the base class of update rules.

    Attributes:
        discriminator_steps: k, the batches of real examples that a round uses.
    """

    discriminator_steps: int = 1

    def round(self, game: AdversarialGame, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Play one round: move both players.

        Args:
            game: The game, with ``play``, the two objectives, and ``descend``.
            real: This replica's real examples for the round, ``[k · N, ...]``.

        Returns:
            What to log: scalars that are equal on all replicas.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no round")


class Alternating(UpdateRule):
    """Move the players in turn, each step on fresh noise, each D step on fresh examples.

    Args:
        discriminator_steps: k, the number of D steps in a round; the paper used k = 1.

    Source: Goodfellow et al. 2014, Algorithm 1.
    """

    def __init__(self, discriminator_steps: int = 1):
        self.discriminator_steps = discriminator_steps

    def round(self, game: AdversarialGame, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Play one iteration of Algorithm 1; see :meth:`UpdateRule.round`.

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


class Simultaneous(UpdateRule):
    """Move both players by gradients at the old parameters, on the same x, z and dropout masks.

    G(z) is computed once and judged once, for both players.

    Source: the authors' code of Goodfellow et al. 2014, which differs in this from
    the paper's Algorithm 1.
    """

    discriminator_steps = 1

    def round(self, game: AdversarialGame, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Play one simultaneous move of both players; see :meth:`UpdateRule.round`."""
        with game.watch("discriminator", "generator") as tape:
            # In one pass together, G's gradient would run back through D's layers for the
            # real examples as well, as zeros: 14 % more time in the MNIST game.
            play = game.play(real, "both", together=False)
            d_loss = game.discriminator_objective(play)
            g_loss = game.generator_objective(play)
        # Both gradients are taken before either player moves.
        d_gradients = game.gradients("discriminator", tape, d_loss)
        g_gradients = game.gradients("generator", tape, g_loss)
        d_norm = game.apply("discriminator", d_gradients)
        g_norm = game.apply("generator", g_gradients)
        return game.conclude(play, d_loss, g_loss, d_norm, g_norm)
