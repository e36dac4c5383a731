"""Checks of callbacks: Keras's, and observers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ..distribute.workers import Workers
from ..observe import Moment, Observer, View
from ..observe.guard import Guard
from ..observe.observers import Observers
from ..observe.window import Window
from ..plugins import Registry, load_plugins
from ..recipe import load_recipe
from ..runs import RunFolder
from ..train.build import build_game
from ..train.find_data import build_source
from . import toys
from .building import build, made_of
from .failure import fail
from .subject import Subject

WATCHED = {
    "dataset": {"name": "ring", "examples": 64, "held_out": 16},
    "latent": {"name": "gaussian", "size": 2},
    "generator": {"name": "mlp", "layers": [4]},
    "discriminator": {"name": "mlp", "layers": [4]},
    "loss": "non_saturating",
    "optimizers": {"generator": "sgd", "discriminator": "sgd"},
    "training": {"steps": 2, "batch_size": 8},
}
"""The game that observers are shown."""


def is_a_callback_or_an_observer(subject: Subject) -> None:
    """A run tells Keras callbacks of its rounds and epochs, and observers of its moments; it
    takes it.
    """
    build(subject)


def watches_a_short_game(subject: Subject) -> None:
    """It raises nothing, and the game stays finite."""
    made = _made(subject)
    if isinstance(made, Observer):
        _observe(made)
        return
    game = toys.game()
    if getattr(made, "mode", None) == "auto":  # of scores, which a run has and `fit` has not
        made.mode = "min"
    game.fit(toys.examples(32), batch_size=8, epochs=2, verbose=0, callbacks=[made])
    if not all(np.isfinite(weight).all() for weight in game.generator.get_weights()):
        fail("in a short game that it watches, the generator's weights become NaN")


def _observe(observer: Observer) -> None:
    """Show an observer the beginning and the end of a run; refuse one that raises, or moves it."""
    recipe = load_recipe(WATCHED, registry=load_plugins(environ={}))
    source, workers = build_source(recipe), Workers(tf.distribute.get_strategy())
    game = build_game(recipe, source)
    before = game.generator.get_weights()
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(Path(path) / "run")
        folder.start(recipe)
        guard = Guard(folder, Registry(), workers)
        observers = Observers([observer], guard, is_chief=True)
        view = View(game, source, recipe, folder, recipe.registry, workers, guard, observers)
        observers.start(view, 0)
        for step in (0, 2):
            observers.observe(Moment(view, step, step == 2, Window(1, {"d_loss": 1.0})))
        observers.finish(2, "finished")
        for entry in folder.manifest.get("switched_off") or []:
            fail(f"watching a short game, it raises {entry['error']}")
    if not all(map(np.array_equal, before, game.generator.get_weights())):
        fail("it changes the generator's weights; an observer looks and does not move")


def _made(subject: Subject) -> keras.callbacks.Callback | Observer:
    made: keras.callbacks.Callback | Observer = made_of(subject)
    return made
