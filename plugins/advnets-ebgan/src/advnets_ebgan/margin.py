"""Compute the margin loss of energy-based adversarial networks."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Loss, Side

from .hooks import MarginParameters


class EbganMargin(Loss):
    """Minimise L_D = E(x) + [m − E(G(z))]⁺ and L_G = E(G(z)).

    E is the energy that the discriminator gives an example. D lowers it on real examples
    and raises it on generated ones, but not above the margin m; G seeks low energy. At a
    Nash equilibrium p_G = p_data, and E is a constant between 0 and m.

    Args:
        margin: m > 0, in units of energy.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), equations 1 and 2.

    >>> real = Side({"energy": tf.constant([3.0, 3.0])})
    >>> fake = Side({"energy": tf.constant([4.0, 12.0])})
    >>> EbganMargin(10.0).discriminator(real, fake).numpy()  # 3 + (10 - 4), 3 + 0
    array([9., 3.], dtype=float32)
    """

    requires = ("energy",)

    @validated_by(MarginParameters)
    def __init__(self, margin: float = 10.0):
        self.margin = margin

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return E(x) + [m − E(G(z))]⁺, float32 ``[N]``."""
        return real.energy + tf.nn.relu(self.margin - fake.energy)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return E(G(z)), float32 ``[N]``."""
        return fake.energy

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return the energies of both sides, to be logged: ``energy_real``, ``energy_fake``."""
        return {"energy_real": real.energy, "energy_fake": fake.energy}
