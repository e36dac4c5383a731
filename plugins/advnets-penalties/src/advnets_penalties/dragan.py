"""Penalise slopes around the data that are not 1, as DRAGAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, global_mean, norm, scheduled, slope_of

from .hooks import DraganParameters


class Dragan(Penalty):
    """Penalise the discriminator by λ (‖∇C(x + δ)‖ − 1)², the slope near real examples.

        δ = c s u,   s the standard deviation of all numbers of the global batch,
        u ~ U[0, 1) or N(0, 1) in every dimension

    Args:
        weight: λ, a number or a schedule.
        scale: c, how far from the data, in standard deviations of the batch.
        noise: The distribution of u: ``uniform`` as in the authors' code, with c = ½, or
            ``gaussian`` as in the paper's text, where δ ~ N(0, c I) of a fixed c.

    Source: Kodali et al. 2017 (arXiv:1705.07215). C is D's raw output here.

    A linear critic C(x) = ⟨w, x⟩ has the slope ‖w‖ everywhere, here 5:

    >>> from advnets.testing import play_of
    >>> def critic(x):
    ...     return tf.linalg.matvec(x, tf.constant([3.0, 4.0]))
    >>> x = tf.ones([2, 2])
    >>> Dragan(weight=10.0)(play_of(critic, x, x)).numpy()
    array([160., 160.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(DraganParameters)
    def __init__(
        self,
        weight: float | Mapping[str, Any] = 10.0,
        scale: float = 0.5,
        noise: Literal["uniform", "gaussian"] = "uniform",
    ):
        self.weight = scheduled(weight)
        self.scale, self.noise = scale, noise

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (‖∇C(x + δ)‖ − 1)², float32 ``[N]``."""
        x = tf.cast(play.real.x, tf.float32)
        draw = play.draw.normal if self.noise == "gaussian" else play.draw.uniform
        # The stage is in the stream's name: each of a round's k steps has noise of its own.
        u = draw(f"{play.stage}/dragan", x.shape[1:].as_list(), play.real.size)
        near = x + self.scale * standard_deviation(x) * u
        return self.weight() * tf.square(norm(slope_of(play.real, near)) - 1.0)


def standard_deviation(x: tf.Tensor) -> tf.Tensor:
    """Return that of all numbers of the global batch ``[N, ...]``, a float32 scalar.

    >>> float(standard_deviation(tf.constant([[1.0, 1.0], [3.0, 3.0]])))
    1.0
    """
    numbers = list(range(1, len(x.shape)))
    mean = global_mean(tf.reduce_mean(x, numbers))
    # In two steps, since E x² − (E x)² of bright images would be a difference of large numbers.
    return tf.sqrt(global_mean(tf.reduce_mean(tf.square(x - mean), numbers)))
