"""Variants on points, played by ``fit`` of games that were made by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source

sys.path.insert(0, str(Path(__file__).parent))
from on_points import PLUGINS, WAYS, available, recipe

RULES: dict[str, dict[str, Any]] = {
    "alternating": {},
    "k2": WAYS["k2"],
    "simultaneous": WAYS["simultaneous"],
}


def made(variant: str, **changed: Any) -> tuple[Any, Any]:
    """A variant's game, and its data."""
    registry = load_plugins(PLUGINS)
    described = {**recipe(variant), **changed}
    for loss in (described["loss"], *described.get("penalties", ())):
        if not available(loss, registry):
            pytest.skip(f"{loss} is of a plugin that is not installed; `make test` installs it")
    loaded = load_recipe(described, registry=registry)
    source = build_source(loaded)
    return build_game(loaded, source), source


def play(game: Any, source: Any, rounds: int, eagerly: bool, first: int = 0) -> dict[str, float]:
    """Play some rounds by ``fit``, from the examples of round ``first`` on, and return the log."""
    game.run_eagerly = eagerly
    size = 16 * game.updates.batches
    places = np.arange(first * size, (first + rounds) * size) % source.count("train")
    found = source.take("train", places)
    x = np.asarray(source.preprocess.apply(found.examples))
    history = game.fit(x, found.labels, batch_size=size, verbose=0, shuffle=False)
    return {name: values[0] for name, values in history.history.items()}
