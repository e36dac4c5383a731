"""Let a game's components change their states, once in each round."""

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
    """Let the components change their states by a play, unless a player's step was skipped.

    What a skipped round shows them is not finite, and would stay in their states.

    Args:
        game: The game.
        play: The play.
        norms: Of the gradients of the players that moved, NaN where a step was skipped.
    """
    components = components_of(game)
    checked = bool(norms) and bool(game.skips or game.loss_scales)
    held = [v for _, one in components for _, v in find_variables(one)] if checked else []
    before = Point.of(held)
    for duel in play.duels.values():
        game.loss.update(duel.real, duel.fake)
    for _, component in components[1:]:
        component.update(play)
    if held:
        sound = tf.reduce_all(tf.math.is_finite(tf.stack(list(norms.values()))))
        for variable, value in zip(held, before.values, strict=True):
            variable.assign(tf.where(sound, variable, value))
