"""Hold D to saying the same of a real example and of its augmentation: CR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Augmentation, GameContext, Penalty, Play, scheduled

from .hooks import ConsistencyParameters
from .transformed import check_augmentations, disagreement, make_augmentations


class Consistency(Penalty):
    """Penalise the discriminator by λ (C(x) − C(T(x)))² on real examples.

    T is a random augmentation that leaves x what it is to us. Unlike the `augmentations` of
    a game, it changes nothing that G is shown by.

    Args:
        augmentations: T, one map after the other.
        weight: λ, a number or a schedule.

    Raises:
        UsageError: If one of the maps is no augmentation.

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
        augmentations: Sequence[Augmentation],
        weight: float | Mapping[str, Any] = 10.0,
    ):
        self.augmentations = check_augmentations(self, augmentations)
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (C(x) − C(T(x)))², float32 ``[N]``."""
        apart = disagreement(play, play.real, self.augmentations, "consistency/real")
        return self.weight() * apart


@validated_by(ConsistencyParameters)
def consistency(
    context: GameContext,
    *,
    augmentations: Sequence[Any] = ("translation",),
    weight: float | Mapping[str, Any] = 10.0,
) -> Consistency:
    """Make :class:`Consistency` from a recipe's parameters.

    Args:
        context: Makes the augmentations, and knows the data that they have to suit.
        augmentations: Names of augmentations, or mappings with parameters.
        weight: λ.

    Raises:
        PluginError: If an augmentation does not suit the data.
    """
    return Consistency(make_augmentations(context, augmentations), weight)
