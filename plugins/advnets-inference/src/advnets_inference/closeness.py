"""Hold what is painted near what was hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, scheduled

from .hooks import ClosenessParameters
from .inpainting import split_told


class Closeness(Penalty):
    """Add w · Σ (1 − m) |G − x| / (C Σ (1 − m)) to G's loss: the mean over what is hidden.

    Where nothing is hidden it is 0.

    Args:
        weight: w: a number, or a schedule.
        field: The field that holds (m x, m), ``[H, W, C + 1]``.

    Source: Pathak et al. 2016 (arXiv:1604.07379), with |·| in place of squares, as Isola et al.
    2017 (arXiv:1611.07004) have it.
    """

    player = "generator"

    @validated_by(ClosenessParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 1.0, field: str = "mask"):
        self.weight, self.field = scheduled(weight), field
        self.fields = (field,)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return the weighted mean, float32 ``[N]``."""
        return self.weight() * self._mean(play)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Log the mean of |G − x| over what is hidden."""
        return {"hidden_error": self._mean(play)}

    def _mean(self, play: Play) -> tf.Tensor:
        _, seen = split_told(play.fake.fields[self.field])
        painted, x = play.fake.x, play.real.x
        off = tf.reduce_sum((1.0 - seen) * tf.abs(painted - x), [1, 2, 3])
        hidden = tf.reduce_sum(1.0 - seen, [1, 2, 3]) * float(x.shape[-1])
        return off / tf.maximum(hidden, 1.0)
