"""A small recipe of built-in components."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advnets.plugins import load_plugins
from advnets.recipe import Recipe, parse_recipe

TEXT = """\
name: toy
dataset: {name: gaussian_1d, offline: digits}
latent: {name: gaussian, size: 2}
generator: mlp
discriminator: mlp
loss: minimax
optimizers: {generator: sgd, discriminator: sgd}
training: {steps: 10, batch_size: 4}
"""
REGISTRY = load_plugins(environ={})


@pytest.fixture
def make() -> Callable[..., Recipe]:
    """Overrides → Recipe."""

    def make(*overrides: str) -> Recipe:
        return parse_recipe(TEXT, overrides, REGISTRY)

    return make
