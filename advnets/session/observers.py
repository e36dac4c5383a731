"""The observers and callbacks of a session, as a recipe asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from ..data import Source
from ..data.order import rounds_per_epoch
from ..game import AdversarialGame
from ..observe.callbacks import WatchingCallbacks
from ..observe.context import CallbackContext
from ..observe.health import Health
from ..observe.observer import Observer
from ..observe.progress import ProgressLine
from ..observe.records import Records
from ..observe.sample_grids import SampleGrids, Variety
from ..observe.scores import Scores
from ..observe.tensorboard import TensorBoard
from ..plugins import Registry
from ..recipe import Recipe
from ..train.callbacks import ChangingCallbacks, build_callbacks, changes_game


def make_callbacks(
    recipe: Recipe,
    source: Source,
    game: AdversarialGame,
    is_chief: bool,
    kept: Mapping[str, Any],
    context: CallbackContext | None = None,
) -> tuple[ChangingCallbacks, WatchingCallbacks, list[Observer]]:
    """Make what the recipe names under ``monitoring.callbacks``.

    Args:
        recipe: The recipe.
        source: Its data, whose size makes the epochs that Keras callbacks are told of.
        game: Its game.
        is_chief: Whether for the chief.
        kept: The numbers of ``changing`` and ``watching`` callbacks in the checkpoint that the
            run resumes from.
        context: What they may know of the run.

    Returns:
        The Keras callbacks that change the game, the others, and all observers: that of the
        others, and those that plugins made.
    """
    built = build_callbacks(recipe, is_chief, context)
    callbacks = [each for each in built if isinstance(each, keras.callbacks.Callback)]
    epoch = rounds_per_epoch(
        *(source.count("train"), recipe.settings.training.batch_size),
        game.updates.batches,
    )
    total = recipe.settings.training.steps
    changing = ChangingCallbacks(
        [each for each in callbacks if changes_game(each)], epoch, kept.get("changing"), total
    )
    watching = WatchingCallbacks(
        [each for each in callbacks if not changes_game(each)], epoch, kept.get("watching"), total
    )
    own = [watching, *(each for each in built if isinstance(each, Observer))]
    return changing, watching, own


def make_observers(
    recipe: Recipe,
    registry: Registry,
    own: list[Observer],
    measured: Callable[[Callable[[], Any]], Any],
    makes_examples: bool = True,
) -> list[Observer]:
    """Make the observers of a run, in the order in which they look.

    Args:
        recipe: The recipe.
        registry: Where the figures and the theory come from, as ``callbacks``.
        own: Those that the recipe names.
        measured: Does a piece of work, and books the time that it takes as evaluation.
        makes_examples: Whether there are samples to look at.
    """
    monitoring, evaluation = recipe.settings.monitoring, recipe.settings.evaluation
    total = recipe.settings.training.steps

    def standard(name: str, **parameters: Any) -> list[Observer]:
        if name in map(str, own) or name not in registry.names("callbacks"):
            return []
        return [registry.component("callbacks", name).make(Observer, parameters)]

    images = monitoring.image_every if makes_examples else 0
    # Metrics without a cadence: whoever names them wants a score of what comes out.
    scored = (evaluation.every or total) if evaluation.metrics else 0
    return [
        *(standard("figures") if monitoring.figures and makes_examples else []),
        SampleGrids(images),
        Variety(images),
        *standard("theory", every=monitoring.log_every),
        Records(monitoring.log_every),
        *([TensorBoard()] if monitoring.tensorboard else []),
        Scores(scored, measured),
        *own,  # which are told of scores
        ProgressLine(recipe.name, total),
        Health(),
    ]
