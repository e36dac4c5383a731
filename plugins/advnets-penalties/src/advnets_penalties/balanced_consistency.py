"""Hold D to saying the same of any example and of its augmentation: bCR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import GameContext, Play, scheduled

from .hooks import BalancedConsistencyParameters
from .transformed import OfTransformed, disagreement


class BalancedConsistency(OfTransformed):
    """Penalise D by λ_r (C(x) − C(T(x)))² + λ_f (C(G(z)) − C(T(G(z))))².

    Consistency on real examples alone lets G learn T's artefacts, of which D then says what it
    says of real examples; here D is to be consistent on both sides.

    In a game whose `augmentations` are not empty, D sees A(x) and A(T(x)), each A drawn by itself.

    Args:
        augmentations: T, one map after the other; both sides have random numbers of their own.
        real: λ_r, a number or a schedule.
        fake: λ_f, likewise.
        context: Of a run: makes those that are named, and knows the data that they have to suit.

    Raises:
        UsageError: If one of the maps is no augmentation.
        PluginError: If one does not suit the run's data, such as a translation of points.

    Source: Zhao et al. 2021 (arXiv:2002.04724); 10 is either weight in the code of Karras et al.
    2020 (arXiv:2006.06676), who compare with it.

    >>> from advnets.game import InstanceNoise
    >>> from advnets.testing import play_of
    >>> x = tf.ones([2, 3])
    >>> play = play_of(lambda x: x[:, 0], x, -x)
    >>> BalancedConsistency([InstanceNoise(0.0)])(play).numpy()  # T(x) = x
    array([0., 0.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(BalancedConsistencyParameters)
    def __init__(
        self,
        augmentations: Sequence[Any] = ("translation",),
        real: float | Mapping[str, Any] = 10.0,
        fake: float | Mapping[str, Any] = 10.0,
        *,
        context: GameContext | None = None,
    ):
        super().__init__(augmentations, context)
        self.real, self.fake = scheduled(real), scheduled(fake)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ_r (C(x) − C(T(x)))² + λ_f (C(G(z)) − C(T(G(z))))², float32 ``[N]``."""
        real = disagreement(play, play.real, self.augmentations, "consistency/real")
        fake = disagreement(play, play.fake, self.augmentations, "consistency/fake")
        return self.real() * real + self.fake() * fake
