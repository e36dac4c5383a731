"""The look at gradients and weights that every round takes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import AdversarialGame
from advnets.game.finiteness import all_finite, zero_if_finite


def gradient(batch, bad=None):
    """Of a dense layer's kernel and bias, with one δ that is not finite."""
    x, delta = tf.ones([batch, 30]), np.full([batch, 20], 0.5, np.float32)
    if bad is not None:
        delta[3, 7] = bad
    return [tf.matmul(x, delta, transpose_a=True), tf.reduce_sum(delta, axis=0)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bias_bears_witness_for_its_kernel(bad):
    kernel, bias = gradient(8, bad)
    assert not np.isfinite(kernel.numpy()).all()
    assert np.isnan(zero_if_finite([kernel, bias], values=20))
    assert np.isnan(zero_if_finite([None, kernel, bias], values=20))


def test_finite_gradients_give_zero():
    assert zero_if_finite(gradient(8)).numpy() == 0


def test_infinities_of_both_signs_do_not_cancel():
    assert np.isnan(zero_if_finite([tf.constant([np.inf, -np.inf])]))


def test_what_is_looked_at_is_bounded_and_never_nothing():
    bad, fine = tf.constant([np.nan] * 3), tf.ones([2])
    assert zero_if_finite([bad, fine], values=4).numpy() == 0
    assert np.isnan(zero_if_finite([bad, fine], values=5))
    assert np.isnan(zero_if_finite([bad], values=1))


def test_sparse_gradients():
    rows = tf.IndexedSlices(tf.constant([[np.inf]]), tf.constant([2]), tf.constant([5, 1]))
    assert np.isnan(zero_if_finite([rows, tf.ones([3])]))
    assert np.isnan(tf.function(zero_if_finite)([rows]))


def test_many_values_of_several_types():
    assert all_finite([tf.ones([300, 300]), None, tf.ones([2], tf.float64)])
    assert not all_finite([tf.ones([300, 300]), tf.constant([1.0, np.nan], tf.float16)])
    assert zero_if_finite([tf.ones([3], tf.float64), tf.ones([2])]).numpy() == 0


@pytest.fixture
def game():
    def network(size_in, size_out):
        layers = [keras.layers.Dense(300, "relu"), keras.layers.Dense(300, "relu")]
        return keras.Sequential([keras.Input((size_in,)), *layers, keras.layers.Dense(size_out)])

    keras.utils.set_random_seed(3)
    game = AdversarialGame(network(3, 2), network(2, 1))
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.sees_weights, game.norms_every = True, 10
    return game


def play(game):
    return {name: float(value) for name, value in game.train_step(tf.ones([4, 2])).items()}


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_round_tells_of_weights_that_no_loss_tells_of(game, player):
    """A bias of -inf before a ReLU: a unit that is silent, with a gradient of zero."""
    game.rounds.assign(1)  # not one of those that read everything
    logs = play(game)
    assert (logs["d_weights"], logs["g_weights"]) == (0, 0)
    bias = getattr(game, player).trainable_variables[3]
    bias.assign(np.r_[-np.inf, np.zeros(299)])
    logs = play(game)
    told = {name for name, value in logs.items() if not np.isfinite(value)}
    assert told == {f"{player[0]}_weights"}


class Idle(keras.layers.Layer):
    """Has a large weight that it makes nothing of."""

    def build(self, shape):
        self.idle = self.add_weight(shape=(300, 300), trainable=False)
        super().build(shape)

    def call(self, x):
        return x


def test_large_weights_are_read_in_every_tenth_round():
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), Idle(), keras.layers.Dense(1)])
    game = AdversarialGame(generator, discriminator)
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.sees_weights, game.norms_every = True, 10
    discriminator.layers[0].idle.assign(np.full([300, 300], np.nan))
    seen = [play(game) for _ in range(11)]
    assert [step for step, logs in enumerate(seen) if np.isnan(logs["d_weights"])] == [0, 10]
    assert all(logs["g_weights"] == 0 for logs in seen)
