"""Augment what D sees, real or generated, in both players' turns: DiffAugment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advnets import validated_by
from advnets.game import GameContext

from .composed import Composed
from .hooks import DiffAugmentParameters


class DiffAugment(Composed):
    """Show D T(x) and T(G(z)) in place of x and G(z), T = T_k ∘ … ∘ T_1.

    T is differentiable, random, and applied in both players' turns, so that G learns nothing of
    the augmentations themselves. By name and by default T_1 changes colours, T_2 moves by up to an
    eighth, and T_3 cuts a square of half the side.

    Args:
        policy: T_1, …, T_k; names of some where there is a context.
        context: Of a run, which makes those that are named.

    Raises:
        UsageError: If one is no augmentation.

    Source: Zhao et al. 2020 (arXiv:2006.10738).

    >>> import tensorflow as tf
    >>> from advnets.game import InstanceNoise, Translation
    >>> from advnets.random import Draw
    >>> twice = DiffAugment([Translation(), InstanceNoise(0.1)])
    >>> twice.geometric, twice(tf.ones([3, 8, 8, 1]), Draw(1, 0), "twice").shape
    (True, TensorShape([3, 8, 8, 1]))
    """

    of = "policy"

    @validated_by(DiffAugmentParameters)
    def __init__(
        self,
        policy: Sequence[Any] = ("colour", "translation", "cutout"),
        *,
        context: GameContext | None = None,
    ):
        super().__init__(policy, context)
