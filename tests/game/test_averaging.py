"""The average of G's weights that is kept beside a game."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import AdversarialGame, GeneratorAverage


def network():
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)]
    )


def weights(game):
    return [v.numpy() for v in game.generator.variables]


class Counting(keras.layers.Layer):
    """A layer with variables that nobody trains."""

    def __init__(self):
        super().__init__()
        self.add_weight(name="mean", shape=(), trainable=False, initializer="zeros")
        self.add_weight(name="count", shape=(), trainable=False, dtype="int32")

    def call(self, x):
        return x


@pytest.mark.parametrize("every", [1, 3])
def test_the_recursion(make_game, points, every):
    game = make_game(network(), average=GeneratorAverage(network(), 0.6, every))
    expected = weights(game)
    for t in range(1, 9):
        game.fit(points, batch_size=8, verbose=0)
        if t % every:
            continue
        kept = min(0.6, (1 + t) / (10 + t)) ** every
        expected = [kept * a + (1 - kept) * b for a, b in zip(expected, weights(game), strict=True)]
    found = [v.numpy() for v in game.averaged_generator.variables]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not np.allclose(found[0], weights(game)[0], atol=1e-4)


@pytest.mark.parametrize("every", [1, 2])
def test_a_ramp_of_its_own(make_game, points, every):
    """The half-life is half of the rounds played, until that of 0.8, 3.1 rounds, is reached."""
    average = GeneratorAverage(network(), 0.8, every, warm_up=0.5)
    game = make_game(network(), average=average)
    expected = weights(game)
    for t in range(1, 9):
        game.fit(points, batch_size=8, verbose=0)
        if t % every:
            continue
        kept = min(0.8, 0.5 ** (1 / (0.5 * t))) ** every
        expected = [kept * a + (1 - kept) * b for a, b in zip(expected, weights(game), strict=True)]
    for a, b in zip(game.averaged_generator.variables, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-5, atol=1e-6)
    assert average.describe() == {"decay": 0.8, "every": every, "warm_up": 0.5}


@pytest.mark.parametrize("ramp", [0.0, -1.0, float("inf"), float("nan")])
def test_a_ramp_out_of_range_is_refused(ramp):
    with pytest.raises(UsageError, match="greater than 0"):
        GeneratorAverage(network(), warm_up=ramp)


def test_it_plays_no_part_in_the_game(make_game, points):
    keras.utils.set_random_seed(1)
    generator = network()
    twin = keras.models.clone_model(generator)
    twin.set_weights(generator.get_weights())
    games = make_game(generator), make_game(twin, average=GeneratorAverage(network()))
    for game in games:
        game.fit(points, batch_size=8, epochs=3, verbose=0)
    for a, b in zip(*map(weights, games), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_not_trained_is_averaged_and_integers_are_copied():
    def counting():
        return keras.Sequential([keras.Input((1,)), Counting()])

    generator, average = counting(), GeneratorAverage(counting(), 0.999)
    mean, count = generator.non_trainable_variables
    mean.assign(11.0)
    count.assign(5)
    average.update(generator, tf.constant(1, tf.int64))
    found = {v.name: v.numpy() for v in average.network.variables}
    assert (found["mean"], found["count"]) == (pytest.approx(9.0), 5)


def test_samples_come_from_the_average_where_there_is_one(make_game, points):
    game = make_game(network(), average=GeneratorAverage(network()))
    game.averaged_generator.set_weights([np.zeros_like(w) for w in game.generator.get_weights()])
    assert not game.generate(5)[0].any()
    assert not game.generate(5, weights="averaged")[0].any()
    assert game.generate(5, weights="current")[0].any()
    plain = make_game(network())
    np.testing.assert_array_equal(plain.generate(5)[0], plain.generate(5, weights="current")[0])
    with pytest.raises(UsageError, match="no averages"):
        plain.generate(5, weights="averaged")


def test_refusals(make_game):
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(UsageError, match="other weights"):
        make_game(network(), average=GeneratorAverage(other))
    for options in ({"decay": 1.0}, {"decay": 0.0}, {"every": 0}):
        with pytest.raises(UsageError):
            GeneratorAverage(network(), **options)


def test_a_network_of_its_own_is_expected():
    networks = [keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in "GD"]
    with pytest.raises(UsageError, match="is the generator itself"):
        AdversarialGame(*networks, average=GeneratorAverage(networks[0]))
    assert networks[0].trainable
    with pytest.raises(UsageError, match=r"asked for in 0\.99; a network like the generator"):
        GeneratorAverage(0.99)
