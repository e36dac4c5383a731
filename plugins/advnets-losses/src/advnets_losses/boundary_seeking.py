"""Compute the boundary-seeking loss: G looks for where D cannot decide."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import NonSaturating, Side


class BoundarySeeking(NonSaturating):
    """Minimise L_D = −V(D, G) and L_G = ½ (log D(G(z)) − log(1 − D(G(z))))² = ½ C(G(z))².

    G does not want to be called real, but to lie on D's boundary, D = ½, where an optimal D
    has p_G = p_data. This is the form for continuous examples.

    Source: Hjelm et al. 2018 (arXiv:1702.08431).

    >>> BoundarySeeking().generator(Side(), Side(tf.constant([-3.0]))).numpy()
    array([4.5], dtype=float32)
    """

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return ½ C(G(z))², float32 ``[N]``."""
        return 0.5 * tf.square(fake.logits)
