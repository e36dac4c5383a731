"""Compose augmentations to one, as those of this distribution do that name others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from advnets.game import Augmentation, GameContext, Play, make_augmentations
from advnets.random import Draw


class Composed(Augmentation):
    """Apply augmentations one after the other, x ← T_k(… T_1(x)).

    It moves pixels if one of them does, reads what they read, logs what they log, and moves their
    states. An image that a judge is told is moved along by those that move pixels.

    Args:
        maps: T_1, …, T_k: augmentations; names or mappings with parameters, where there is a
            context.
        context: Of a run, which makes those that are named.

    Raises:
        UsageError: If one is no augmentation.
    """

    of = "maps"
    """What a subclass calls them."""

    def __init__(self, maps: Sequence[Any], context: GameContext | None = None):
        self.maps = make_augmentations(self, maps, context)
        moves = [one.geometric for one in self.maps]
        self.geometric = True if True in moves else None if None in moves else False
        own: list[type[Augmentation] | Augmentation] = [type(self), *self.maps]
        self.requires = tuple(dict.fromkeys(word for one in own for word in one.requires))
        self.fields = tuple(dict.fromkeys(name for one in own for name in one.fields))
        self.reads_signs = any(one.reads_signs for one in own)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again: the maps themselves, whoever made them."""
        given = {k: v for k, v in super().get_config().items() if k != "context"}
        return {**given, self.of: self.maps}

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return the examples, augmented; see :meth:`advnets.game.Augmentation.__call__`."""
        for index, one in enumerate(self.maps):
            own = f"{stream}/{index}"
            x = self.choose(one(x, draw, own), x, draw, own)
        return x

    def move_along(self, field: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return images that a judge is told, moved as the examples were."""
        for index, one in enumerate(self.maps):
            own = f"{stream}/{index}"
            if one.geometric:
                field = self.choose(one.move_along(field, draw, own), field, draw, own)
        return field

    def choose(self, made: tf.Tensor, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return what is kept of what a map made: all of it."""
        return made

    def update(self, play: Play) -> None:
        """Move the states of the maps, once a round."""
        for one in self.maps:
            one.update(play)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what the maps log, by name, each ``[N]``."""
        return {name: value for one in self.maps for name, value in one.observe(play).items()}
