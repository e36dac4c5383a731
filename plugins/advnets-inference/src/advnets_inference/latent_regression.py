"""Train an encoder to tell which latent point an example was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, Role, scheduled

from .hooks import WeightParameters


class LatentRegression(Penalty):
    """Add w ‖E(G(z)) − z‖² to what E minimises; G has no gradient of it.

    With the encounter ``inversion`` and another run's G that is an encoder trained after it.
    With any other one in which G moves E is learned alongside ("latent regressor").

    Args:
        weight: w: a number, or a schedule.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), section 7, extension 2; Donahue et al.
    2017 (arXiv:1605.09782), section 4.1, the latent regressor.
    """

    player = "generator"
    roles: Mapping[str, Role] = {"encoder": Role("example", "latent")}

    @validated_by(WeightParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 1.0):
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return w ‖E(G(z)) − z‖², float32 ``[N]``."""
        example = tf.stop_gradient(play.fake.example)
        code = play.call("encoder", play.fake, example=example)
        off = code - play.fake.latent
        return self.weight() * tf.reduce_sum(off**2, list(range(1, off.shape.rank)))
