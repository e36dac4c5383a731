"""Compute the loss of boundary-equilibrium networks: two energies, held in balance."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Loss, Side, global_mean, state

from .hooks import BeganParameters


class Began(Loss):
    """Minimise L_D = E(x) − k E(G(z)) and L_G = E(G(z)); k holds the energies in balance.

        k ← clip(k + λ (γ E(x) − E(G(z))), 0, 1)   after each round, by the batch's means

    E is the energy that D gives an example: the error of an auto-encoder. k begins at 0. What
    is logged as ``convergence``, M = E(x) + |γ E(x) − E(G(z))|, falls as the game goes well.

    Args:
        gamma: γ, what E(G(z)) / E(x) is held at; small values prefer quality to diversity.
        rate: λ, how fast k moves.

    Source: Berthelot, Schumm and Metz 2017 (arXiv:1703.10717), section 3.4. There E is the mean
    absolute error of a pixel; the energy of advnets-ebgan is a norm.

    >>> real, fake = Side({"energy": tf.constant([4.0])}), Side({"energy": tf.constant([1.0])})
    >>> loss = Began(gamma=0.5, rate=0.1)
    >>> loss.update(real, fake)  # k = 0.1 (0.5 · 4 − 1)
    >>> loss.discriminator(real, fake).numpy()  # 4 − 0.1 · 1
    array([3.9], dtype=float32)
    """

    requires = ("energy",)

    @validated_by(BeganParameters)
    def __init__(self, gamma: float = 0.5, rate: float = 0.001):
        self.gamma, self.rate = gamma, rate
        self.k = state(0.0)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return E(x) − k E(G(z)), float32 ``[N]``."""
        return real.energy - self.k * fake.energy

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return E(G(z)), float32 ``[N]``."""
        return fake.energy

    def update(self, real: Side, fake: Side) -> None:
        """Move k by what the energies of the global batch lack to their balance."""
        off = global_mean(self.gamma * real.energy - fake.energy)
        self.k.assign(tf.clip_by_value(self.k + self.rate * off, 0.0, 1.0))

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return for the log k, both energies, and M by the global batch's means."""
        off = global_mean(self.gamma * real.energy - fake.energy)
        return {
            "k": tf.fill(tf.shape(real.energy), self.k),
            "convergence": real.energy + tf.abs(off),
            "energy_real": real.energy,
            "energy_fake": fake.energy,
        }
