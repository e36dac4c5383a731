"""A short run that callbacks and observers are shown: what they may know of it, and its moments."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import tensorflow as tf

from ..data import Source
from ..distribute.workers import Workers
from ..game import AdversarialGame
from ..observe import CallbackContext, Moment, Observer, View
from ..observe.guard import Guard
from ..observe.observers import Observers
from ..observe.window import Window
from ..plugins import Registry
from ..recipe import Recipe, load_recipe
from ..runs import RunFolder
from ..train.build import build_game
from ..train.callbacks import make_nested
from ..train.find_data import build_source
from .classes import Classes, cache
from .failure import fail
from .subject import Subject
from .trial import Trial

WATCHED = {
    "name": "watched",
    "dataset": {"name": "ring", "examples": 64, "held_out": 16},
    "latent": {"name": "gaussian", "size": 2},
    "generator": {"name": "mlp", "layers": [4]},
    "discriminator": {"name": "mlp", "layers": [4]},
    "loss": "non_saturating",
    "optimizers": {"generator": "sgd", "discriminator": "sgd"},
    "training": {"steps": 6, "batch_size": 8},
}
"""The game that observers are shown."""


@functools.cache
def watched_recipe() -> Recipe:
    """The recipe of the run."""
    from ..plugins import load_plugins

    return load_recipe(WATCHED, registry=load_plugins(environ={}))


def watched_source(subject: Subject) -> Source:
    """Its data: points on a circle, or what the component's example describes."""
    if "shape" not in subject.example:
        return build_source(watched_recipe())
    trial = Trial(subject.example)
    return Classes(trial.shape, trial.described)


def make_watcher(subject: Subject, folder: Path | None = None) -> object:
    """Make a callback, which may name others, with the context of the run.

    Args:
        subject: The callback.
        folder: The run's; by default one that is removed when the process ends.
    """
    context = CallbackContext(watched_recipe(), watched_source(subject).spec, folder or cache())
    if subject.component is not None:
        maker = partial(make_nested, subject.registry, subject.component, context)
        context = replace(context, maker=maker)
    made: object = subject.make(context=context)
    return made


class Show:
    """Show an observer the moments of a run, in a folder of its own.

    Args:
        subject: The observer.
        path: The run's folder, not there yet.
    """

    def __init__(self, subject: Subject, path: Path):
        self.subject, self.source = subject, watched_source(subject)
        self.folder = RunFolder(path)
        self.folder.start(watched_recipe())
        self.game: AdversarialGame = build_game(watched_recipe(), self.source)
        self.begin(0)

    def begin(self, step: int) -> None:
        """Make an observer, as a run does that begins or goes on there."""
        observer = make_watcher(self.subject, self.folder.path)
        assert isinstance(observer, Observer)
        if observer.every:
            with contextlib.suppress(AttributeError):  # it may be no attribute that can be set
                observer.every = 1
        workers = Workers(tf.distribute.get_strategy())
        guard = Guard(self.folder, Registry(), workers)
        self.observers = Observers([observer], guard, is_chief=True)
        recipe = watched_recipe()
        self.view = View(
            self.game, self.source, recipe, self.folder, recipe.registry, workers, guard,
            self.observers,
        )  # fmt: skip
        self.observers.start(self.view, step)

    def moments(self, steps: Sequence[int], last: int) -> None:
        """Show these rounds."""
        for step in steps:
            window = Window(1, {"d_loss": 1.0})
            self.observers.observe(Moment(self.view, step, step == last, window))

    def finish(self, step: int) -> None:
        """End the run; fail if the observer has raised anything."""
        self.observers.finish(step, "finished")
        for entry in self.folder.manifest.get("switched_off") or []:
            fail(f"watching a short game, it raises {entry['error']}")

    def lines(self) -> dict[str, int | None]:
        """Return how many lines the text files have that lie there; ``None`` of other files."""
        return dict(self._lines())

    def _lines(self) -> Iterator[tuple[str, int | None]]:
        for path in sorted(self.folder.path.rglob("*")):
            name = str(path.relative_to(self.folder.path))
            if path.is_file() and name not in OWN:
                try:
                    yield name, path.read_text("utf-8").count("\n")
                except ValueError:
                    yield name, None


OWN = ("manifest.json", "recipe.yaml", ".lock", "heartbeat.json")
"""Files that a run keeps itself."""
