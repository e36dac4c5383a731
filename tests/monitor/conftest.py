"""A run's folder and recipe for the monitor, without any training."""

from __future__ import annotations

import io
import logging
import math

import pytest

from advnets.data import DataSpec
from advnets.log import ROOT, on_screen, screen
from advnets.recipe import load_recipe
from advnets.runs import RunFolder


@pytest.fixture
def recipe():
    return load_recipe("digits", {"training.steps": 100, "name": "watched"})


@pytest.fixture
def folder(tmp_path, recipe):
    folder = RunFolder.for_recipe(recipe, tmp_path / "watched-run")
    folder.start(recipe)
    return folder


@pytest.fixture
def spec():
    return DataSpec((8, 8, 1), "float32", 0, 16, "image")


@pytest.fixture
def console():
    """The log is shown on it; it is no terminal, and keeps what is printed."""
    console = screen(file=io.StringIO(), width=200)
    with on_screen(console, always=True):
        yield console


@pytest.fixture
def warnings():
    """The warnings that were logged."""
    found = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())
    ROOT.addHandler(handler)
    yield found
    ROOT.removeHandler(handler)


@pytest.fixture
def record():
    """Makes the record of a step."""

    def make(step, **more):
        return {
            "step": step,
            "d_loss": 1.3,
            "g_loss": 0.7,
            "value": -math.log(4) + 1 / step,
            "d_real": 0.6,
            "d_fake": 0.4,
            "d_accuracy_real": 0.75,
            "d_accuracy_fake": 0.5,
            "d_gradient_norm": 0.3,
            "g_gradient_norm": 0.1,
            "steps_per_second": 40.0,
        } | more

    return make
