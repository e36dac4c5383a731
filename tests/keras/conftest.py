"""Tiny games as a notebook makes them."""

import keras
import numpy as np
import pytest

from advnets.game import AdversarialGame


def network(size_in, size_out, seed=0, **options):
    """Two small layers, with weights of their own."""
    weights = keras.initializers.GlorotUniform(seed + 1)
    return keras.Sequential(
        [
            keras.Input((size_in,)),
            keras.layers.Dense(5, "tanh", kernel_initializer=weights, **options),
            keras.layers.Dense(size_out, kernel_initializer=weights),
        ]
    )


def play(generator=None, discriminator=None, optimizer=keras.optimizers.SGD, rate=0.1, **options):
    """A compiled game on the plane."""
    game = AdversarialGame(generator or network(3, 2), discriminator or network(2, 1, 7), **options)
    game.compile(optimizer(rate), optimizer(rate))
    return game


@pytest.fixture(scope="session")
def make_network():
    return network


@pytest.fixture(scope="session")
def make_game():
    return play


@pytest.fixture(scope="session")
def points():
    """Real examples, float32 [10, 2]."""
    return np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
