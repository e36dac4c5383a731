"""Penalise the slope of D at generated examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, scheduled, slope_of, squared_norm

from .hooks import R2Parameters


class R2(Penalty):
    """Penalise the discriminator by (γ/2) ‖∇C(G(z))‖², the slope at generated examples.

    R1 is the same at real ones. R3GAN has both, of one γ, with the relativistic loss in pairs.

    Args:
        gamma: γ, the weight: a number, or a schedule (:func:`advnets.game.scheduled`).

    Source: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), equation 10; Huang et al. 2024
    (arXiv:2501.05441), section 2.

    A linear critic C(x) = ⟨w, x⟩ has the slope ‖w‖ everywhere, so R2 = (γ/2) ‖w‖²:

    >>> from advnets.testing import play_of
    >>> def critic(x):
    ...     return tf.linalg.matvec(x, tf.constant([3.0, 4.0]))
    >>> x = tf.ones([2, 2])
    >>> R2(gamma=2.0)(play_of(critic, x, x)).numpy()
    array([25., 25.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(R2Parameters)
    def __init__(self, gamma: float | Mapping[str, Any] = 10.0):
        self.gamma = scheduled(gamma)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return (γ/2) ‖∇C(G(z))‖², float32 ``[N]``."""
        return 0.5 * self.gamma() * squared_norm(slope_of(play.fake, play.fake.x))
