"""A penalty may be of a network's weights, which are of no examples."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets import PluginError
from advnets.game import AdversarialGame, Penalty, Play
from advnets.testing import play_of

WEIGHTS = np.array([[3.0], [4.0]], "float32")


def judge() -> keras.Model:
    """C(x) = 3 x₁ + 4 x₂."""
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([WEIGHTS])
    return network


class SquaredWeights(Penalty):
    """0.5 ‖w‖², whose gradient is w."""

    once = True

    def __call__(self, play: Play) -> tf.Tensor:
        return 0.5 * tf.add_n([tf.reduce_sum(w**2) for w in play.weights_of().values()])[None]


def test_of_a_network() -> None:
    network, x = judge(), tf.ones([3, 2])
    assert list(play_of(network, x, x).weights_of()) == ["dense/kernel"]
    with tf.GradientTape() as tape:
        values = SquaredWeights()(play_of(network, x, x))
    assert values.numpy().tolist() == [12.5]  # 0.5 (3² + 4²)
    assert np.array_equal(tape.gradient(values, network.trainable_variables[0].value), WEIGHTS)


def test_of_a_network_that_there_is_not() -> None:
    x = tf.ones([3, 2])
    with pytest.raises(PluginError, match="no network 'critic'"):
        play_of(judge(), x, x).weights_of("critic")


def test_a_round_descends_it() -> None:
    """A step of 0.1 differs by 0.1 w from that of a game without."""

    def moved(*penalties: Penalty) -> np.ndarray:
        keras.utils.set_random_seed(1)
        generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        game = AdversarialGame(generator, judge(), penalties=penalties, seed=1)
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        game.fit(np.ones((8, 2), "float32"), batch_size=8, epochs=1, verbose=0)
        return game.networks["discriminator"].get_weights()[0]

    assert moved(SquaredWeights()) == pytest.approx(moved() - 0.1 * WEIGHTS, rel=1e-5)
