"""Compute the least-squares loss: D's output is pulled to numbers, on both sides."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Loss, Side

from .hooks import LeastSquaresParameters


class LeastSquares(Loss):
    """Minimise L_D = ½(C(x) − b)² + ½(C(G(z)) − a)² and L_G = ½(C(G(z)) − c)².

    C is D's raw output. With b − c = 1 and b − a = 2 the players minimise Pearson's χ²
    divergence between p_data + p_G and 2 p_G; the paper's experiments have a = 0, b = c = 1.

    Args:
        a: What D is to say of generated examples.
        b: What D is to say of real ones.
        c: What G wants D to say of generated ones.

    Source: Mao et al. 2017 (arXiv:1611.04076), which has a = −1, b = 1, c = 0 as well.

    >>> real, fake = Side(tf.constant([3.0])), Side(tf.constant([2.0]))
    >>> LeastSquares().discriminator(real, fake).numpy()  # ½ 2² + ½ 2²
    array([4.], dtype=float32)
    """

    @validated_by(LeastSquaresParameters)
    def __init__(self, a: float = 0.0, b: float = 1.0, c: float = 1.0):
        self.a, self.b, self.c = a, b, c

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return ½(C(x) − b)² + ½(C(G(z)) − a)², float32 ``[N]``."""
        return 0.5 * tf.square(real.logits - self.b) + 0.5 * tf.square(fake.logits - self.a)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return ½(C(G(z)) − c)², float32 ``[N]``."""
        return 0.5 * tf.square(fake.logits - self.c)
