"""Compute the losses of f-GAN: any of the f-divergences, by its variational bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import tensorflow as tf

from advnets import validated_by
from advnets.game import Loss, Side

from .hooks import FGanParameters

Divergence = Literal[
    "gan", "jensen_shannon", "kl", "reverse_kl", "pearson", "neyman", "squared_hellinger"
]
Function = Callable[[tf.Tensor], tf.Tensor]

FROM = 20.0
"""Where e^v is followed by its tangent: e^89 is infinite in float32."""


def exponential(v: tf.Tensor) -> tf.Tensor:
    """Return e^v up to v = 20, and its tangent there from then on.

    >>> float(exponential(tf.constant(22.0)) / exponential(tf.constant(20.0)))
    3.0
    """
    return tf.exp(tf.minimum(v, FROM)) * (1.0 + tf.nn.relu(v - FROM))


softplus = tf.math.softplus
LOG2 = 0.6931471805599453

TABLE: dict[Divergence, tuple[Function, Function]] = {
    "gan": (lambda v: -softplus(-v), softplus),
    "jensen_shannon": (lambda v: LOG2 - softplus(-v), lambda v: softplus(v) - LOG2),
    "kl": (lambda v: v, lambda v: exponential(v - 1.0)),
    "reverse_kl": (lambda v: -exponential(-v), lambda v: v - 1.0),
    "pearson": (lambda v: v, lambda v: 0.25 * tf.square(v) + v),
    "neyman": (lambda v: 1.0 - exponential(-v), lambda v: 2.0 - 2.0 * exponential(-0.5 * v)),
    "squared_hellinger": (lambda v: 1.0 - exponential(-v), lambda v: exponential(v) - 1.0),
}
"""By divergence T(v) and f*(T(v)), v being D's raw output: the paper's, simplified."""


class FGan(Loss):
    """Minimise L_D = −T(v(x)) + f*(T(v(G(z)))) and L_G = −f*(T(v(G(z)))), or −T(v(G(z))).

    v is D's raw output, T the output activation that brings it to where f* is defined, f* the
    convex conjugate of f. D's bound is tight where T = f′(p_data / p_G): then −L_D is the
    f-divergence. T grows with v in all of them.

    ==================  ====================  =======================
    divergence          T(v)                  f*(T(v))
    ==================  ====================  =======================
    gan                 −sp(−v)               sp(v)
    jensen_shannon      log 2 − sp(−v)        sp(v) − log 2
    kl                  v                     exp(v − 1)
    reverse_kl          −exp(−v)              v − 1
    pearson             v                     v²/4 + v
    neyman              1 − exp(−v)           2 − 2 exp(−v/2)
    squared_hellinger   1 − exp(−v)           exp(v) − 1
    ==================  ====================  =======================

    sp is the softplus. Beyond v = ±20 the exponentials go on along their tangents.

    Args:
        divergence: Which one.
        saturating: Whether G minimises −f*(T(v)), as in the bound, or −T(v), as the paper
            advises while D is far ahead.

    Source: Nowozin, Cseke and Tomioka 2016 (arXiv:1606.00709).

    >>> said = Side(tf.constant([0.0]))
    >>> FGan("pearson").discriminator(said, Side(tf.constant([2.0]))).numpy()  # −0 + 2²/4 + 2
    array([3.], dtype=float32)
    """

    @validated_by(FGanParameters)
    def __init__(self, divergence: Divergence = "jensen_shannon", saturating: bool = False):
        self.divergence, self.saturating = divergence, saturating
        self.log_odds = divergence == "gan"

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −T(v(x)) + f*(T(v(G(z)))), float32 ``[N]``."""
        activation, conjugate = TABLE[self.divergence]
        return conjugate(fake.logits) - activation(real.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −f*(T(v(G(z)))) if ``saturating``, else −T(v(G(z))), float32 ``[N]``."""
        activation, conjugate = TABLE[self.divergence]
        return -conjugate(fake.logits) if self.saturating else -activation(fake.logits)

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return for the log the bound on the divergence, −L_D, as ``divergence``."""
        return {"divergence": -self.discriminator(real, fake)}
