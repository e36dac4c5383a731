"""The original minimax game."""

from __future__ import annotations

import tensorflow as tf

from ..loss import Loss
from ..output import DiscriminatorOutput
from ..value_function import value_function


class Minimax(Loss):
    """min_G max_D V(D, G) = E log D(x) + E log(1 − D(G(z))).

    D minimises −V, G minimises the term of V that it can reach, log(1 − D(G(z))).

    Args:
        discriminator_weight: Factor on D's loss; 1 in the paper's equation. The authors'
            code uses ½.

    Source: Goodfellow et al. 2014, equation 1 and Algorithm 1.

    >>> undecided = DiscriminatorOutput(tf.zeros([1]))
    >>> Minimax().discriminator(undecided, undecided).numpy()  # 2 log 2
    array([1.3862944], dtype=float32)
    """

    def __init__(self, discriminator_weight: float = 1.0):
        self.discriminator_weight = discriminator_weight

    def discriminator(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> tf.Tensor:
        """−V(D, G) = −log D(x) − log(1 − D(G(z))), float32 ``[N]``."""
        return -self.discriminator_weight * value_function(real, fake)

    def generator(self, real: DiscriminatorOutput | None, fake: DiscriminatorOutput) -> tf.Tensor:
        """log(1 − D(G(z))) = −softplus(C(G(z))), float32 ``[N]``."""
        return -tf.math.softplus(fake.logits)
