"""Hold D to saying the same of an example and of what an augmentation makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from advnets import PluginError
from advnets.game import Augmentation, GameContext, Penalty, Play, Side, make_augmentations
from advnets.random import Draw


class OfTransformed(Penalty):
    """Hold T, the augmentations of a penalty of what D says of T(x).

    It reads what they read, logs what they log, and moves their states.

    Args:
        augmentations: T, one map after the other.
        context: Of a run: makes those that are named, and knows the data that they have to suit.

    Raises:
        UsageError: If one is no augmentation.
        PluginError: If one does not suit the data, such as a translation of points.
    """

    def __init__(self, augmentations: Sequence[Any], context: GameContext | None):
        self.augmentations = make_augmentations(self, augmentations, context)
        if context is not None:
            for one in self.augmentations:
                one(tf.zeros([1, *context.spec.shape]), Draw(context.seed, 0), "check")
        own: list[type[Penalty] | Augmentation] = [type(self), *self.augmentations]
        self.requires = tuple(dict.fromkeys(word for one in own for word in one.requires))
        self.fields = tuple(dict.fromkeys(name for one in own for name in one.fields))
        self.reads_signs = any(one.reads_signs for one in own)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again: the maps themselves, whoever made them."""
        given = {k: v for k, v in super().get_config().items() if k != "context"}
        return {**given, "augmentations": self.augmentations}

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what the maps log, by name, each ``[N]``."""
        return {k: v for one in self.augmentations for k, v in one.observe(play).items()}

    def update(self, play: Play) -> None:
        """Move the states of the maps, once a round."""
        for one in self.augmentations:
            one.update(play)


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

    Raises:
        PluginError: If a map does not say whether it moves pixels, and there is such an image.
    """
    x = tf.convert_to_tensor(side.x)
    judge = next(duel.judge for duel in play.duels.values() if side in (duel.real, duel.fake))
    known = {name: side.fields.get(name) for name in play.fields_of(judge)}
    told = {name: field for name, field in known.items() if _same_grid(field, x)}
    for index, augment in enumerate(augmentations):
        own = f"{play.stage}/{stream}/{index}"
        x = augment(x, play.draw, own)
        if told and augment.geometric is None:
            raise PluginError(
                f"{type(augment).__name__} does not say whether it moves pixels, and the judge is "
                f"told {', '.join(told)}, which would have to be moved along",
                hint="`geometric = True` in its class if it does, else `geometric = False`",
            )
        if augment.geometric:
            told = {n: augment.move_along(field, play.draw, own) for n, field in told.items()}
    apart = tf.square(side.critic().logits - side.critic(x, **told).logits)
    return tf.reduce_mean(apart, axis=list(range(1, len(apart.shape))))


def _same_grid(field: tf.Tensor | None, x: tf.Tensor) -> bool:
    if field is None or len(field.shape) != 4 or len(x.shape) != 4:
        return False
    return bool(field.shape[1:3] == x.shape[1:3])
