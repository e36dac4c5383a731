"""Hold D to saying the same of an example and of what an augmentation makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from advnets.game import Augmentation, GameContext, Penalty, Play, Side, make_augmentations
from advnets.random import Draw


def make_suiting(
    penalty: Penalty, augmentations: Sequence[Any], context: GameContext | None
) -> list[Augmentation]:
    """Make the augmentations that a penalty is given, and try them on an example of the data.

    Raises:
        UsageError: If one is no augmentation.
        PluginError: If one does not suit the data, such as a translation of points.
    """
    made = make_augmentations(penalty, augmentations, context)
    if context is not None:
        for one in made:
            one(tf.zeros([1, *context.spec.shape]), Draw(context.seed, 0), "check")
    return made


def disagreement(
    play: Play, side: Side, augmentations: Sequence[Augmentation], stream: str
) -> tf.Tensor:
    """Return (C(x) − C(T(x)))², float32 ``[N]``, the mean over parts where D judges parts.

    Args:
        play: Whose random numbers T has, and whose player's gradient is to be taken.
        side: Of the duel; x is what its judge takes first.
        augmentations: T, in the order in which they are applied.
        stream: Names the numbers of this side.

    An image that D is told besides x, a mask say, is moved along with it where T moves pixels.
    """
    x = tf.stop_gradient(side.x)
    judge = next(duel.judge for duel in play.duels.values() if side in (duel.real, duel.fake))
    known = {name: side.fields.get(name) for name in play.fields_of(judge)}
    told = {name: field for name, field in known.items() if _same_grid(field, x)}
    for index, augment in enumerate(augmentations):
        own = f"{play.stage}/{stream}/{index}"
        x = augment(x, play.draw, own)
        if augment.geometric:
            told = {name: augment(field, play.draw, own) for name, field in told.items()}
    apart = tf.square(side.logits - side.critic(x, **told).logits)
    return tf.reduce_mean(apart, axis=list(range(1, len(apart.shape))))


def _same_grid(field: tf.Tensor | None, x: tf.Tensor) -> bool:
    if field is None or len(field.shape) != 4 or len(x.shape) != 4:
        return False
    return bool(field.shape[1:3] == x.shape[1:3])
