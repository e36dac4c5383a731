"""Penalise gradients as WGAN-GP: the critic's slope is to be 1 between data and samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, norm, scheduled, slope_of

from .hooks import GradientPenaltyParameters


class GradientPenalty(Penalty):
    """Penalise the discriminator by λ (‖∇C(x̂)‖₂ − 1)².

    x̂ = ε x + (1 − ε) G(z), with ε ~ U[0, 1) of its own for every example. With
    ``one_sided``, λ ([‖∇C(x̂)‖₂ − 1]⁺)²: slopes below 1 cost nothing.

    The gradient is that of each example's own C, so the critic must treat examples
    independently; the paper leaves batch normalisation out of it for that reason.

    Args:
        weight: λ, a number or a schedule; 10 in the paper, 0.1 in its authors' code for toy data.
        one_sided: Whether only slopes above 1 are penalised.

    Source: Gulrajani et al. 2017 (arXiv:1704.00028), equation 3 and Algorithm 1; the
    one-sided variant is discussed in its section 4.

    A linear critic C(x) = ⟨w, x⟩ has the slope ‖w‖ everywhere, here 5:

    >>> from advnets.testing import play_of
    >>> def critic(x):
    ...     return tf.linalg.matvec(x, tf.constant([3.0, 4.0]))
    >>> x = tf.ones([2, 2])
    >>> GradientPenalty(weight=10.0)(play_of(critic, x, -x)).numpy()
    array([160., 160.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(GradientPenaltyParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 10.0, one_sided: bool = False):
        self.weight = scheduled(weight)
        self.one_sided = one_sided

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (‖∇C(x̂)‖₂ − 1)², float32 ``[N]``."""
        excess = norm(slope_of(play.real, _interpolate(play))) - 1.0
        if self.one_sided:
            excess = tf.nn.relu(excess)
        return self.weight() * tf.square(excess)


def _interpolate(play: Play) -> tf.Tensor:
    """Return x̂ = ε x + (1 − ε) G(z)."""
    real = play.real.x
    generated = tf.cast(play.fake.x, real.dtype)
    examples = real.shape[0] if real.shape[0] is not None else tf.shape(real)[0]
    one_each = [1] * (len(real.shape) - 1)
    # The stage is in the stream's name: each of a round's k steps has an ε of its own.
    epsilon = play.draw.uniform(f"{play.stage}/gradient_penalty", one_each, examples)
    return generated + tf.cast(epsilon, real.dtype) * (real - generated)
