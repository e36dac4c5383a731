"""Hold G(E(x)) near x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, Role, scheduled

from .hooks import WeightParameters


class CycleConsistency(Penalty):
    """Add w · mean |x − G(E(x))| to what G and E minimise, the mean being over x's numbers.

    The joint law that D judges does not say which of E's codes is x's where E(x) carries
    little of x; this does.

    Args:
        weight: w: a number, or a schedule.

    Source: Li et al. 2017, "ALICE" (arXiv:1709.01215).
    """

    player = "generator"
    roles: Mapping[str, Role] = {"encoder": Role("example", "latent")}

    @validated_by(WeightParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 1.0):
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return w · mean |x − G(E(x))|, float32 ``[N]``."""
        real = play.real
        back = play.call("generator", real, latent=play.call("encoder", real))
        off = tf.abs(real.example - back)
        return self.weight() * tf.reduce_mean(off, list(range(1, off.shape.rank)))
