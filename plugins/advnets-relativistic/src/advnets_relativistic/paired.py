"""Compute the paired relativistic loss: RSGAN."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import Side

from .critic import RelativisticLoss


class Relativistic(RelativisticLoss):
    """Let D judge which of two examples, one of each side, is the real one.

        L_D = −log σ(C(x) − C(G(z)))
        L_G = −log σ(C(G(z)) − C(x))

    The i-th real example is compared with the i-th generated one.

    Source: Jolicoeur-Martineau 2018 (arXiv:1807.00734), RSGAN.

    >>> real = Side(tf.constant([1.0]))
    >>> fake = Side(tf.constant([1.0]))
    >>> Relativistic().discriminator(real, fake).numpy().round(3)  # log 2
    array([0.693], dtype=float32)
    """

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return softplus(C(G(z)) − C(x)), float32 ``[N]``."""
        return tf.math.softplus(fake.logits - real.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return softplus(C(x) − C(G(z))), float32 ``[N]``."""
        return tf.math.softplus(real.logits - fake.logits)

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return for the log ``over_fake``, σ(C(x) − C(G(z)))."""
        return {"over_fake": tf.sigmoid(real.logits - fake.logits)}
