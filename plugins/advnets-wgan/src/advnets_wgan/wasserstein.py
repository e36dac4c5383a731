"""Compute the loss of Wasserstein adversarial networks."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import Loss, Side


class Wasserstein(Loss):
    """Minimise L_D = C(G(z)) − C(x) and L_G = −C(G(z)).

    C, the critic, is D's raw output: not a logit, so there is no probability of "real" and
    no V(D, G). Of all critics with ‖C(a) − C(b)‖ ≤ ‖a − b‖ the best one reaches
    E C(x) − E C(G(z)) = W(p_data, p_G), the Wasserstein-1 distance. The loss itself does
    nothing to keep C among them: choose the penalty ``gradient_penalty``, or the optimizer
    ``clipped_rmsprop`` for D, with it.

    Source: Arjovsky et al. 2017 (arXiv:1701.07875), equations 2 and 3 and Algorithm 1.

    >>> real = Side(tf.constant([3.0, 1.0]))
    >>> fake = Side(tf.constant([-1.0, 2.0]))
    >>> Wasserstein().discriminator(real, fake).numpy()
    array([-4.,  1.], dtype=float32)
    """

    requires = ("logits",)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return C(G(z)) − C(x), float32 ``[N]``."""
        return fake.logits - real.logits

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −C(G(z)), float32 ``[N]``."""
        return -fake.logits

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return for the log the critic's output for either side, and its estimate of the distance.

        Returns:
            ``critic_real`` C(x), ``critic_fake`` C(G(z)), and ``wasserstein_estimate``
            C(x) − C(G(z)): without the penalty, which ``d_loss`` includes. It estimates
            the distance times the critic's Lipschitz constant, which a penalty holds near
            1 and weight clipping at some other number.
        """
        return {
            "critic_real": real.logits,
            "critic_fake": fake.logits,
            "wasserstein_estimate": real.logits - fake.logits,
        }
