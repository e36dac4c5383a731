"""A run to look at, without any training."""

from __future__ import annotations

import io
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.data import DataSpec
from advnets.distribute.workers import Workers
from advnets.game import AdversarialGame
from advnets.log import on_screen, screen
from advnets.observe import Moment, View
from advnets.observe.guard import Guard
from advnets.observe.observers import Observers
from advnets.observe.window import Window
from advnets.plugins import Registry
from advnets.recipe import load_recipe
from advnets.runs import RunFolder

IMAGES = DataSpec((8, 8, 1), "float32", 0, 16, "image")


@pytest.fixture
def recipe():
    return load_recipe("digits", {"training.steps": 100, "name": "watched"})


@pytest.fixture
def folder(tmp_path, recipe):
    folder = RunFolder.for_recipe(recipe, tmp_path / "watched-run")
    folder.start(recipe)
    return folder


@pytest.fixture
def console():
    """The log is shown on it; it is no terminal, and keeps what is printed."""
    console = screen(file=io.StringIO(), width=200)
    with on_screen(console, always=True):
        yield console


def small_game():
    """A game whose players have the rates 0.5 and 0.25."""
    networks = [keras.Sequential([keras.Input((2,)), keras.layers.Dense(n)]) for n in (2, 1)]
    game = AdversarialGame(*networks)
    game.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    return game


@pytest.fixture
def watch(folder, recipe):
    """Begins observers at a step; returns a function that has them look at a later one."""

    def begin(*observers, start=0, game=None, source=None, workers=None):
        workers = workers or Workers(tf.distribute.get_strategy())
        guard = Guard(folder, Registry(), workers)
        together = Observers(observers, guard, workers.is_chief)
        source = source or SimpleNamespace(
            spec=IMAGES, streams={}, name="images", picture=lambda x, spec: None
        )
        game = game or small_game()
        view = View(game, source, recipe, folder, Registry(), workers, guard, together)
        together.start(view, start)

        def look(step, samples=None, **sums):
            moment = Moment(view, step, step == 100, Window(1, sums))
            if samples is not None:
                moment.__dict__["samples"] = samples
                moment.__dict__["made"] = samples, {"latent": np.zeros((len(samples), 2))}
            together.observe(moment)
            return moment

        look.all, look.guard = together, guard
        return look

    return begin
