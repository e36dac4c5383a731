"""Keras callbacks of a run: those that change the game, and so are no observers, and others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras

from ..errors import PluginError, UsageError
from ..game import AdversarialGame
from ..game.state import find_variables, state_variables
from ..observe.callbacks import EPOCH, KerasMoments
from ..observe.context import CallbackContext
from ..observe.observer import Observer
from ..plugins import Registry
from ..plugins.components import Component
from ..plugins.trace import at_place
from ..recipe import Recipe
from ..recipe.problems import resolve_alone

CHANGING = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
    keras.callbacks.TerminateOnNaN,
)
"""Keras's own callbacks that change a game, or end it."""


class ChangingCallbacks(KerasMoments):
    """Call Keras callbacks that change the game: without them it would be another one.

    Such are Keras's own that do (``CHANGING``), and those with an attribute ``changes_game =
    True``. What one raises ends the run.
    """

    def begin(self, game: AdversarialGame, step: int) -> None:
        """Begin at ``step``; what they did to the game up to there is in its state already."""
        resumed = self._kept.get(EPOCH, {}).get("begun")
        state = state_variables(game) if resumed else {}
        before = {name: variable.numpy() for name, variable in state.items()}
        super().begin(game, step)
        for name, variable in state.items():
            variable.assign(before[name])


def changes_game(callback: keras.callbacks.Callback | Observer) -> bool:
    """Tell whether a callback changes the game that it watches, as far as it says.

    >>> changes_game(keras.callbacks.TerminateOnNaN()), changes_game(keras.callbacks.Callback())
    (True, False)
    """
    return isinstance(callback, CHANGING) or bool(getattr(callback, "changes_game", False))


WRITERS = (
    keras.callbacks.BackupAndRestore,
    keras.callbacks.CSVLogger,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.RemoteMonitor,
    keras.callbacks.TensorBoard,
)


def build_callbacks(
    recipe: Recipe, chief: bool = True, context: CallbackContext | None = None
) -> list[keras.callbacks.Callback | Observer]:
    """Return the Keras callbacks and observers that the recipe names: ``monitoring.callbacks``.

    Args:
        recipe: The recipe.
        chief: Whether for the chief. Other workers leave out what writes: Keras's own
            writers, and callbacks with an attribute ``chief_only = True``. The rest runs on
            all workers, since it may change the game, a learning rate say.
        context: What they may know of the run.

    Raises:
        PluginError: If one cannot be built, or a Keras callback holds what no checkpoint has.
    """
    context = context or CallbackContext(recipe)
    named = recipe.components("monitoring.callbacks")
    made = [_make(recipe.registry, component, given, context) for component, given in named]
    for callback, (component, _) in zip(made, named, strict=True):
        refuse_unfit(callback, component)
    return [
        callback
        for callback in made
        if chief or not (isinstance(callback, WRITERS) or getattr(callback, "chief_only", False))
    ]


def refuse_unfit(callback: keras.callbacks.Callback | Observer, component: Component) -> None:
    """Refuse a callback that has no place in a run, or whose component does not say what it does.

    Raises:
        UsageError: If a run has something else in its place.
        PluginError: If it changes the game unsaid, or holds what no checkpoint has.
    """
    if not isinstance(callback, keras.callbacks.Callback):
        return
    _refuse_in_runs(callback, component.name)
    _refuse_state(callback)
    if changes_game(callback) and not component.changes_game:
        raise PluginError(
            f"the callback {component.name!r} changes the game, and its component does not "
            "say so: the run's identity is that of a run without it",
            hint=f"Component({component.name!r}, …, changes_game=True)",
            module=component.target.partition(":")[0],
        )


def _make(
    registry: Registry, component: Component, given: Mapping[str, Any], context: CallbackContext
) -> keras.callbacks.Callback | Observer:
    """Make a callback, which may make others that its parameters name."""
    kinds = (keras.callbacks.Callback, Observer)
    own = replace(context, maker=partial(make_nested, registry, component, context))
    with at_place("monitoring.callbacks"):
        made: keras.callbacks.Callback | Observer = component.make(kinds, given, context=own)
    return made


def make_nested(
    registry: Registry, outer: Component, context: CallbackContext, kind: str, entry: Any
) -> keras.callbacks.Callback | Observer:
    """Make a callback that another names; see :meth:`.CallbackContext.make`."""
    if kind != "callbacks":
        raise UsageError(f"a callback makes no {kind}", hint="it makes callbacks")
    given = {"name": entry} if isinstance(entry, str) else dict(entry)
    component = registry.component(kind, given.pop("name", ""))
    parameters = resolve_alone(component, kind, given).model_dump()
    made = _make(registry, component, parameters, context)
    if isinstance(made, keras.callbacks.Callback):
        _refuse_in_runs(made, component.name)
    if (component.changes_game or changes_game(made)) and not outer.changes_game:
        raise PluginError(
            f"the callback {outer.name!r} makes {component.name!r}, which changes the game, and "
            "its component does not say so: the run's identity is that of one without",
            hint=f"Component({outer.name!r}, …, changes_game=True)",
            module=outer.target.partition(":")[0],
        )
    return made


NOT_IN_RUNS = {
    keras.callbacks.BackupAndRestore: "it would put weights of another time under a run, which "
    "resumes from checkpoints of its own: checkpoints.every says how often they are written",
    keras.callbacks.SwapEMAWeights: "`averaging: {decay: 0.999}` keeps averages of a run's "
    "generator, which samples and scores are of",
    keras.callbacks.TerminateOnNaN: "a run looks for what is not finite itself: "
    "`health: {policy: stop}` ends it there",
}
"""Keras's callbacks that have nothing to do in a run, and what it has instead."""


def _refuse_in_runs(callback: keras.callbacks.Callback, name: str) -> None:
    for kind, instead in NOT_IN_RUNS.items():
        if isinstance(callback, kind):
            raise UsageError(
                f"the callback {name!r} is a keras {kind.__name__}, which has no place in a run",
                where="monitoring.callbacks",
                hint=instead,
            )


def _refuse_state(callback: keras.callbacks.Callback) -> None:
    """Refuse a callback that a run which is resumed could not bring back to where it was."""
    name, module = type(callback).__name__, type(callback).__module__
    for variable, _ in find_variables(callback):
        raise PluginError(
            f"the callback {name} holds the variable {variable!r}; what a callback keeps between "
            "rounds must be a number, since no checkpoint has its variables",
            hint="keep a Python number, or make it a loss, a penalty or an update rule, whose "
            "variables are saved; what only looks may be an advnets.observe.Observer",
            module=module,
        )
    if getattr(callback, "restore_best_weights", False):
        raise PluginError(
            f"{name}(restore_best_weights=True) keeps weights that no checkpoint has, so a run "
            "that is resumed would forget them",
            hint="name a metric in checkpoints.best, which keeps the best checkpoint",
            module=module,
        )
