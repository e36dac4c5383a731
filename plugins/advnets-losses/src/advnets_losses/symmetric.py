"""Compute the symmetric logistic loss: G wants D to be wrong on both sides."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import NonSaturating, Side


class Symmetric(NonSaturating):
    """Minimise L_D = −V(D, G) and L_G = −log D(G(z)) − log(1 − D(x)).

    The non-saturating form for games whose real side is made by a network that moves with G,
    an encoder: BiGAN's and ALI's E learns by the second term. Where nothing of G's makes
    the real side, that term is a constant, and the loss is the non-saturating one.

    Source: Dumoulin et al. 2017 (arXiv:1606.00704), equation 4 and Algorithm 1; Donahue et al. 2017
    (arXiv:1605.09782), section 3.4.

    >>> undecided = Side(tf.zeros([1]))
    >>> Symmetric().generator(undecided, undecided).numpy()  # 2 log 2
    array([1.3862944], dtype=float32)
    """

    needs_real = True

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −log D(G(z)) − log(1 − D(x)), float32 ``[N]``."""
        return tf.math.softplus(-fake.logits) + tf.math.softplus(real.logits)
