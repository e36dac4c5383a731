"""Hold D to saying the same of a real example and of its augmentation: CR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import GameContext, Play, scheduled

from .hooks import ConsistencyParameters
from .transformed import OfTransformed, disagreement


class Consistency(OfTransformed):
    """Penalise the discriminator by λ (C(x) − C(T(x)))² on real examples.

    T is a random augmentation that leaves x what it is to us. Unlike the `augmentations` of
    a game, it changes nothing that G is shown by.

    In a game whose `augmentations` are not empty, D sees A(x) and A(T(x)), each A drawn by itself.

    Args:
        augmentations: T, one map after the other.
        weight: λ, a number or a schedule.
        context: Of a run: makes those that are named, and knows the data that they have to suit.

    Raises:
        UsageError: If one of the maps is no augmentation.
        PluginError: If one does not suit the run's data, such as a translation of points.

    Source: Zhang et al. 2020 (arXiv:1910.12027); D's output before its activation is what is
    compared. T shifts by a few pixels, and flips, in the paper.

    >>> from advnets.game import InstanceNoise
    >>> from advnets.testing import play_of
    >>> x = tf.ones([2, 3])
    >>> play = play_of(lambda x: x[:, 0], x, -x)
    >>> Consistency([InstanceNoise(0.0)])(play).numpy()  # T(x) = x
    array([0., 0.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(ConsistencyParameters)
    def __init__(
        self,
        augmentations: Sequence[Any] = ("translation",),
        weight: float | Mapping[str, Any] = 10.0,
        *,
        context: GameContext | None = None,
    ):
        super().__init__(augmentations, context)
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (C(x) − C(T(x)))², float32 ``[N]``."""
        apart = disagreement(play, play.real, self.augmentations, "consistency/real")
        return self.weight() * apart
