"""Compute the hinge loss: D cares for examples within its margin alone."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Loss, Side

from .hooks import HingeParameters


class Hinge(Loss):
    """Minimise L_D = [m − C(x)]⁺ + [m + C(G(z))]⁺ and L_G = −C(G(z)).

    C is D's raw output, a score and no log-odds.

    Args:
        margin: m > 0; 1 in the papers.

    Source: Lim and Ye 2017 (arXiv:1705.02894); Miyato et al. 2018 (arXiv:1802.05957),
    equations 16 and 17.

    >>> real, fake = Side(tf.constant([0.25, 3.0])), Side(tf.constant([-0.5, 2.0]))
    >>> Hinge().discriminator(real, fake).numpy()  # 0.75 + 0.5, 0 + 3
    array([1.25, 3.  ], dtype=float32)
    """

    @validated_by(HingeParameters)
    def __init__(self, margin: float = 1.0):
        self.margin = margin

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return [m − C(x)]⁺ + [m + C(G(z))]⁺, float32 ``[N]``."""
        return tf.nn.relu(self.margin - real.logits) + tf.nn.relu(self.margin + fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −C(G(z)), float32 ``[N]``."""
        return -fake.logits
