"""What a game is given by hand is looked at, whatever it comes in."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import DataError
from advnets.game import AdversarialGame

layers = keras.layers
GOOD = np.linspace(0.1, 0.9, 32, dtype="float32").reshape(16, 2)


def spoiled(*places):
    x = GOOD.copy()
    for place in places:
        x[place] = np.nan
    return x


class Sequence(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return (self.x[4 * i : 4 * i + 4],)


WAYS = {
    "array": lambda x: x,
    "dictionary": lambda x: {"example": x},
    "dataset": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(4),
    "generator": lambda x: ((x[i : i + 4],) for i in range(0, 16, 4)),
    "sequence": Sequence,
}


@pytest.fixture(scope="module")
def game():
    """G has a tanh, so that data in [0, 1] are half of what it makes."""
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(2, "tanh")])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made = AdversarialGame(generator, discriminator)
    made.compile("sgd", "sgd")
    return made


def fit(game, data, **options):
    batched = {"batch_size": 4} if isinstance(data, np.ndarray | dict) else {}
    return game.fit(data, **batched, shuffle=False, verbose=0, **options)


@pytest.mark.parametrize("way", WAYS)
def test_nan_ends_it_before_the_batch_is_played(way, game, measured) -> None:
    rounds = int(game.rounds.numpy())
    before = game.generator.get_weights()
    with (
        measured.timed("nan_given_to_fit"),
        pytest.raises(DataError, match="2 of the 8 values of 'example' in batch 0 .* NaN") as one,
    ):
        fit(game, WAYS[way](spoiled((1, 0), (2, 1))))
    assert "argwhere" in one.value.hint
    assert int(game.rounds.numpy()) == rounds
    for weights, was in zip(game.generator.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, was)
    with pytest.raises(DataError, match="1 of the 8 values of 'example' in batch 2 "):
        fit(game, WAYS[way](spoiled((9, 0))))
    assert int(game.rounds.numpy()) == rounds + 2


def test_held_out_data_and_infinity(game) -> None:
    with pytest.raises(DataError, match="1 of the 32 values of 'example' in batch 0 "):
        game.evaluate(np.where(GOOD == GOOD[3, 1], np.inf, GOOD), batch_size=16, verbose=0)
    with pytest.raises(DataError, match="'example' in the held-out examples"):
        fit(game, GOOD, validation_data=(spoiled((5, 1)),), validation_batch_size=4)


def test_fields_that_the_game_uses() -> None:
    x, y = keras.Input((3,), name="latent"), keras.Input((1,), name="angle")
    generator = keras.Model(
        {"latent": x, "angle": y}, layers.Dense(2)(layers.Concatenate()([x, y]))
    )
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made = AdversarialGame(generator, discriminator)
    made.compile("sgd", "sgd")
    angles = np.full((16, 1), np.nan, "float32")
    with pytest.raises(DataError, match="16 of the 16 values of 'angle' in batch 0 "):
        made.fit({"example": GOOD, "angle": angles}, batch_size=16, verbose=0)


def test_unused_labels_are_not_looked_at(game) -> None:
    fit(game, GOOD)
    game.fit(GOOD, np.full(16, np.nan, "float32"), batch_size=16, verbose=0)


def test_the_range_is_said_once(caplog) -> None:
    for way in ("array", "dataset"):
        generator = keras.Sequential([keras.Input((3,)), layers.Dense(2, "tanh")])
        made = AdversarialGame(generator, keras.Sequential([keras.Input((2,)), layers.Dense(1)]))
        made.compile("sgd", "sgd")
        caplog.clear()
        fit(made, WAYS[way](GOOD), epochs=2)
        assert caplog.text.count("ends in tanh, in [-1, 1], and the examples lie in [0.1, ") == 1
