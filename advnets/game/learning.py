"""Let a round change what a game remembers, unless a step of it is skipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from .play import Play
from .point import Point
from .state import find_variables

if TYPE_CHECKING:
    from .objectives import Objectives


def components_of(game: Objectives) -> list[tuple[str, Any]]:
    """Return the components that see plays, by their places in a recipe, the loss first."""
    parts = {"penalties": game.penalties, "augmentations": game.augmentations}
    listed = [(f"{kind}.{i}", one) for kind, held in parts.items() for i, one in enumerate(held)]
    others = [("encounter", game.encounter), ("updates", game.updates)]
    return [("loss", game.loss), *listed, *others]


def learn(game: Objectives, play: Play, norms: Mapping[str, tf.Tensor]) -> None:
    """Let the components change their states by a play.

    Where a player's step was skipped, since its gradient was not finite, what they would remember
    of it is put back, but for whole numbers, which count rounds.

    Args:
        game: The game.
        play: The play.
        norms: Of the gradients of the players that moved, NaN where a step was skipped.
    """
    components = components_of(game)
    checked = bool(norms) and bool(game.skips or game.loss_scales)
    held = [v for _, one in components for _, v in find_variables(one)] if checked else []
    before = Point.of([one for one in held if one.dtype.is_floating])
    for duel in play.duels.values():
        game.loss.update(duel.real, duel.fake)
    for _, component in components[1:]:
        component.update(play)
    if before.variables:
        sound = tf.reduce_all(tf.math.is_finite(tf.stack(list(norms.values()))))
        for variable, value in zip(before.variables, before.values, strict=True):
            variable.assign(tf.where(sound, variable, value))


def statistics_of(game: Objectives) -> Point:
    """Take down what calls of the networks change: statistics of batches, and their like."""
    held: dict[int, Any] = {}
    for network in game.networks.values():
        own = [variable.value for variable in network.non_trainable_variables]
        own += [variable for _, variable in find_variables(network)]
        trained = {id(variable.value) for variable in network.trainable_variables}
        held |= {id(one): one for one in own if id(one) not in trained}
    return Point.of([one for one in held.values() if one.dtype.is_floating])


def put_back_if_skipped(before: Point, logs: Mapping[str, tf.Tensor]) -> None:
    """Let networks' statistics have nothing of a round in which a player's step was skipped.

    Args:
        before: What they were before it.
        logs: What the round logs.
    """
    skipped = [logs[name] for name in ("d_skipped", "g_skipped") if name in logs]
    if skipped and before.variables:
        sound = tf.reduce_all(tf.stack(skipped) <= 0)
        now = Point.of(before.variables).values
        pairs = zip(before.values, now, strict=True)
        values = [tf.where(sound, new, old) for old, new in pairs]
        Point(before.variables, values).put_back()
