"""The loss that the paper recommends to start with: G maximises log D(G(z))."""

from __future__ import annotations

import tensorflow as tf

from ..output import DiscriminatorOutput
from .minimax import Minimax


class NonSaturating(Minimax):
    """D as in the minimax game; G minimises −log D(G(z)) = softplus(−C(G(z))).

    The same fixed point as minimax, but with a strong gradient while D rejects G's
    samples with confidence.

    Args:
        discriminator_weight: Factor on D's loss; the authors' code uses ½ here and
            none for G.

    Source: Goodfellow et al. 2014, end of section 3.

    >>> float(NonSaturating().generator(None, DiscriminatorOutput(tf.zeros([1])))[0])
    0.6931471824645996
    """

    def generator(self, real: DiscriminatorOutput | None, fake: DiscriminatorOutput) -> tf.Tensor:
        """−log D(G(z)), float32 ``[N]``."""
        return tf.math.softplus(-fake.logits)
