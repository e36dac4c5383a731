"""Compute the relativistic average loss: RaSGAN."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import Side, global_mean

from .critic import RelativisticLoss


class RelativisticAverage(RelativisticLoss):
    """Let D judge whether an example is more realistic than the average of the other side.

        L_D = −log σ(C(x) − Ē C(G(z))) − log(1 − σ(C(G(z)) − Ē C(x)))
        L_G = −log σ(C(G(z)) − Ē C(x)) − log(1 − σ(C(x) − Ē C(G(z))))

    Ē is the mean over the *global* batch: on several replicas the means are those of all
    examples, and gradients flow through them to every replica.

    Source: Jolicoeur-Martineau 2018 (arXiv:1807.00734), RaSGAN.

    >>> real = Side(tf.constant([2.0, 4.0]))
    >>> fake = Side(tf.constant([3.0, 3.0]))
    >>> RelativisticAverage().discriminator(real, fake).numpy().round(3)  # log 2 + softplus(±1)
    array([2.006, 1.006], dtype=float32)
    """

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return softplus(−(C(x) − Ē C(G(z)))) + softplus(C(G(z)) − Ē C(x)), float32 ``[N]``."""
        over_fake, over_real = _differences(real, fake)
        return tf.math.softplus(-over_fake) + tf.math.softplus(over_real)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return the same with the sides exchanged, float32 ``[N]``."""
        over_fake, over_real = _differences(real, fake)
        return tf.math.softplus(-over_real) + tf.math.softplus(over_fake)

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return for the log how sure D is that an example of either side is more realistic.

        Returns:
            ``over_fake`` σ(C(x) − Ē C(G(z))) and ``over_real`` σ(C(G(z)) − Ē C(x)).
        """
        over_fake, over_real = _differences(real, fake)
        return {"over_fake": tf.sigmoid(over_fake), "over_real": tf.sigmoid(over_real)}


def _differences(real: Side, fake: Side) -> tuple[tf.Tensor, tf.Tensor]:
    """Return C(x) − Ē C(G(z)) and C(G(z)) − Ē C(x), each ``[N]``."""
    return real.logits - global_mean(fake.logits), fake.logits - global_mean(real.logits)
