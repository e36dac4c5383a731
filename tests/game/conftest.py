"""Small games with known answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import AdversarialGame


def linear(size_in, size_out, weights=None, bias=None, name=None):
    """A built Dense layer, with given weights if any."""
    model = keras.Sequential(
        [keras.Input((size_in,)), keras.layers.Dense(size_out, name="dense")], name=name
    )
    if weights is not None:
        model.layers[0].set_weights([np.asarray(weights, "float32"), np.asarray(bias, "float32")])
    return model


def tanh_network(size_in, size_out, seed):
    """A small smooth network, for finite differences."""
    return keras.Sequential(
        [
            keras.Input((size_in,)),
            keras.layers.Dense(
                4, "tanh", kernel_initializer=keras.initializers.RandomNormal(0, 0.7, seed=seed)
            ),
            keras.layers.Dense(
                size_out,
                kernel_initializer=keras.initializers.RandomNormal(0, 0.7, seed=seed + 1),
            ),
        ]
    )


@pytest.fixture
def make_game():
    """A compiled game of two small smooth networks on 2-D data."""

    def make(generator=None, discriminator=None, learning_rate=0.1, **options):
        game = AdversarialGame(
            generator or tanh_network(3, 2, 1), discriminator or tanh_network(2, 1, 5), **options
        )
        game.compile(keras.optimizers.SGD(learning_rate), keras.optimizers.SGD(learning_rate))
        return game

    return make


@pytest.fixture
def dense():
    """Makes one-layer networks with given weights."""
    return linear


@pytest.fixture
def points():
    """Real examples, float32 [8, 2]."""
    return tf.constant(np.random.default_rng(0).normal(size=(8, 2)), tf.float32)
