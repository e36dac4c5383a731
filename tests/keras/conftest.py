"""Tiny games as a notebook makes them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import AdversarialGame
from advnets.game.state import state_variables


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


def random_gradients(game, player, number):
    rng = np.random.default_rng(number)
    shapes = [variable.shape for variable in getattr(game, player).trainable_variables]
    return [tf.constant(rng.normal(size=shape), tf.float32) for shape in shapes]


def moves_as_by_itself(make_game, make, moves=3):
    """Both players' variables move as the optimizer moves them in a loop of one's own."""
    game, apart = make_game(), make_game()
    before = [v.numpy() for v in game.generator.trainable_variables]
    game.compile(make(), make())
    for player in ("generator", "discriminator"):
        alone = make()
        for number in range(moves):
            game.apply(player, random_gradients(game, player, number))
            variables = getattr(apart, player).trainable_variables
            alone.apply(random_gradients(apart, player, number), variables)
    for player in ("generator", "discriminator"):
        for one, other in zip(
            *(getattr(each, player).trainable_variables for each in (game, apart)), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    moved = zip(before, game.generator.trainable_variables, strict=True)
    assert all((old != new.numpy()).any() for old, new in moved)


@pytest.fixture(scope="session")
def gradients_of():
    return random_gradients


@pytest.fixture(scope="session")
def assert_moves_as_by_itself():
    return moves_as_by_itself


def state_of(game):
    return {name: variable.numpy() for name, variable in state_variables(game).items()}


def same_states(before, after):
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name], err_msg=name)


@pytest.fixture(scope="session")
def snapshot():
    """All that training can change of a game, by name."""
    return state_of


@pytest.fixture(scope="session")
def assert_same():
    """Compare two snapshots."""
    return same_states


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
