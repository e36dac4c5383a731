"""Hold D to saying the same of a real example and of its augmentation: CR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from advnets.game import Augmentation, GameContext, Penalty, Play, scheduled

from .transformed import disagreement, make_augmentations


class Consistency(Penalty):
    """Penalise the discriminator by λ (C(x) − C(T(x)))² on real examples.

    T is a random augmentation that leaves x what it is to us. Unlike the `augmentations` of
    a game, it changes nothing that G is shown by.

    Args:
        augmentations: T, one map after the other.
        weight: λ, a number or a schedule; 10 in the paper.

    Source: Zhang et al. 2020 (arXiv:1910.12027), equation 3 and Algorithm 1; D's output before
    its activation is what is compared. T shifts by a few pixels, and flips, in the paper.

    D counts what is left in the picture, and T moves some of it out:

    >>> from advnets.game import Translation
    >>> from advnets.testing import play_of
    >>> x = tf.eye(2)[None, :, :, None]
    >>> play = play_of(lambda x: tf.reduce_sum(x, [1, 2, 3]), x, x)
    >>> Consistency([Translation(0.0)])(play).numpy()  # no pixel moves
    array([0.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    def __init__(
        self,
        augmentations: Sequence[Augmentation],
        weight: float | Mapping[str, Any] = 10.0,
    ):
        self.augmentations, self.weight = list(augmentations), scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (C(x) − C(T(x)))², float32 ``[N]``."""
        apart = disagreement(play, play.real, self.augmentations, "consistency/real")
        return self.weight() * apart


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
