"""What plays or makes nothing is refused in a sentence, and not in Keras's words."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused

from advnets.errors import UsageError
from advnets.game import AdversarialGame


@pytest.fixture(scope="module")
def game(make_game):
    made = make_game()
    made.compile("sgd", "sgd", run_eagerly=True)
    return made


@pytest.fixture(scope="module")
def uncompiled(make_network):
    return AdversarialGame(make_network(3, 2), make_network(2, 1, 7))


@refused(
    "methods",
    "`fit`, `evaluate`, `train_on_batch`, `test_on_batch` before `compile`",
    "There are no optimizers. `predict` and `generate` need none.",
    match=r"\w+: the game is not compiled: it has no optimizers",
)
@pytest.mark.parametrize(
    "method", ["fit", "evaluate", "train_on_batch", "test_on_batch", "train_step"]
)
def test_before_compile(uncompiled, points, method):
    assert uncompiled.predict(np.ones([2, 3], "float32"), verbose=0).shape == (2, 2)
    getattr(uncompiled, method)(points)


@refused(
    "compile",
    '`compile("adam")`, one optimizer alone',
    "Each player has one of its own: `compile()` gives both `adam`.",
    match="has an optimizer of its own, and the (generator|discriminator) is given none",
)
@pytest.mark.parametrize("player", ["generator_optimizer", "discriminator_optimizer"])
def test_one_optimizer_alone(uncompiled, player):
    uncompiled.compile(**{player: keras.optimizers.Adam(1e-4)})


def test_a_refused_compile_changes_nothing(make_game, points):
    """What a game was compiled with before it plays on with."""
    game, apart = make_game(), make_game()
    used = keras.optimizers.Adam(0.1)
    make_game().compile(used, "sgd")
    with pytest.raises(UsageError, match="was built for other variables"):
        game.compile(used, "sgd")
    for each in (game, apart):
        each.fit(points, batch_size=5, shuffle=False, verbose=0)
    for one, other in zip(game.get_weights(), apart.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


NOTHING = {
    "no data": lambda x: None,
    "an array": lambda x: x[:0],
    "tf.data": lambda x: tf.data.Dataset.from_tensor_slices(x[:0]).batch(4),
    "a generator": lambda x: (one for one in ()),
}


@refused(
    "data",
    "nothing: an array of no rows, a `tf.data.Dataset` or a generator that gives no batch",
    "No round would be played; in `evaluate`, and as `validation_data`, nothing would be logged.",
    match="there are no examples",
)
@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("way", ["fit", "evaluate"])
def test_nothing(game, points, way, kind):
    before = int(game.rounds.numpy())
    try:
        getattr(game, way)(NOTHING[kind](points), verbose=0)
    finally:
        assert int(game.rounds.numpy()) == before


def test_no_held_out_examples(game, points):
    before = int(game.rounds.numpy())
    with pytest.raises(UsageError, match=r"no examples in an array of the shape \(0, 2\)"):
        game.fit(points, validation_data=(points[:0],), verbose=0)
    for share in (1.5, -0.5):
        with pytest.raises(UsageError, match="validation_split=.*; a share of the examples"):
            game.fit(points, validation_split=share, verbose=0)
    assert int(game.rounds.numpy()) == before


def test_weights_without_labels(game, points):
    """Keras leaves them out without a word."""
    for way in (game.fit, game.evaluate):
        with pytest.raises(UsageError, match="came with weights"):
            way(points, sample_weight=np.ones(10), verbose=0)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"examples": 2.5}, r"2\.5 samples are asked for; a whole number"),
        ({"examples": -1}, "-1 samples are asked for; 1 at least"),
        ({"examples": None}, "None samples are asked for; a whole number"),
        ({"examples": 2, "seed": "a"}, "seed='a'; a whole number was expected"),
        ({"examples": 2, "seed": None}, "seed=None; a whole number was expected"),
        ({"examples": 2, "chunk": 0}, "chunk=0; a whole number, 1 at least"),
        ({"examples": 2, "first": 5}, "first=5; a whole number, 0 to 1"),
        ({"examples": 2, "weights": "best"}, "weights='best'; there are 'auto', 'averaged'"),
    ],
    ids=str,
)
def test_numbers_of_samples_that_are_none(game, given, match):
    with pytest.raises(UsageError, match=match):
        game.generate(**given)


@refused(
    "methods",
    "`predict` of no latent points: nothing, lists, numbers, text, an array of no rows",
    "Samples are made of arrays; `game.generate(n)` draws them itself.",
    match=r"made of (arrays of latent points|'latent' of the shape)",
)
@pytest.mark.parametrize(
    "given",
    [None, [1.0, 2.0, 3.0], 3, "abc", np.ones([0, 3]), np.ones(3), np.ones([2, 5])],
    ids=["nothing", "a list", "a number", "text", "no rows", "one", "another shape"],
)
def test_predict_of_no_latent_points(game, given):
    game.predict(given, verbose=0)
