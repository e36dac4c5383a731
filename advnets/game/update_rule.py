"""What an update rule is: the order in which the players move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from .game import AdversarialGame


class UpdateRule:
    """Base class of update rules.

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
