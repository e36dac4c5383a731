"""What somebody does with a game between two calls of `fit` takes effect, or is refused."""

import copy
import pickle

import keras
import numpy as np
import pytest
from keras_lines import refused, works

from advnets.errors import UsageError
from advnets.game import R1, AdversarialGame


@pytest.fixture
def sgd(make_game):
    def make(**options):
        game = make_game(**options)
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        return game

    return make


def fit(game, points, **options):
    return game.fit(points, batch_size=10, shuffle=False, verbose=0, **options).history


@works(
    "habits",
    "`game.generator_optimizer.learning_rate = 1e-4` between two `fit`",
    "Takes effect; so does another schedule.",
)
def test_another_rate(sgd, points):
    game = sgd()
    fit(game, points)
    before = game.generator.get_weights()
    game.generator_optimizer.learning_rate = 0.0
    fit(game, points)
    for one, other in zip(before, game.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    game.generator_optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 1)
    fit(game, points)
    assert not np.array_equal(before[0], game.generator.get_weights()[0])


@works(
    "habits",
    "numbers of components: `game.penalties[0].gamma = 1.0`, `game.seed = 3`, `optimizer.clipnorm`",
    "Take effect with the next batch, in a callback too: the round is compiled again.",
)
def test_another_number(sgd, points):
    game, apart = sgd(penalties=[R1(1.0)]), sgd(penalties=[R1(7.0)])
    weights = game.get_weights()
    gammas = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(game.penalties[0], "gamma", [1.0, 7.0][epoch])
    )
    fit(game, points, epochs=2, callbacks=[gammas])
    game.set_weights(weights)
    found = fit(game, points)
    assert found["d_loss"] == fit(apart, points)["d_loss"]
    game.set_weights(weights)
    game.seed, game.generator_optimizer.clipvalue = 99, 1e-30
    assert fit(game, points)["g_loss"] != found["g_loss"]
    for one, other in zip(weights, game.get_weights(), strict=True):
        assert one.shape != (3, 5) or (one == other).all()  # G's first kernel


@refused(
    "habits",
    "`trainable` changed between two `fit`, of a layer, a player or the game",
    "Optimizers are built for the variables that move: compile again.",
    match="`trainable` was changed in the generator after|has no weights to train: all its",
)
@pytest.mark.parametrize(
    "what", ["layer", *(pytest.param(w, marks=pytest.mark.slow) for w in ("generator", "game"))]
)
def test_trainable_between(make_game, make_network, points, what):
    game = make_game(generator=make_network(3, 2))
    fit(game, points)
    frozen = {"layer": game.generator.layers[0], "generator": game.generator, "game": game}[what]
    frozen.trainable = False
    before = game.get_weights()
    try:
        fit(game, points)
    finally:
        for one, other in zip(before, game.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@works(
    "habits", "`compile` after `fit`", "New optimizers, the same weights; rounds are counted on."
)
def test_compile_again(sgd, points):
    game = sgd()
    fit(game, points)
    before = game.generator.get_weights()
    game.compile(keras.optimizers.SGD(1e-30), keras.optimizers.SGD(0.1))
    fit(game, points)
    for one, other in zip(before, game.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(game.rounds.numpy()) == 2


@works(
    "habits",
    "`fit` called again; `epochs`, `initial_epoch`, `steps_per_epoch`, `shuffle=False`, "
    "`verbose=2`, `validation_split`, `validation_freq`",
    "As of any model. The round, which latent points are a function of, is counted on: two fits "
    "of an epoch are one of two.",
)
def test_fit_in_parts(sgd, points, capsys):
    whole, parts = sgd(), sgd()
    together = fit(whole, points, epochs=2)["d_loss"]
    apart = fit(parts, points)["d_loss"]
    apart += fit(parts, points, epochs=2, initial_epoch=1)["d_loss"]
    assert apart == pytest.approx(together, rel=1e-6)
    parts.fit(points, batch_size=2, steps_per_epoch=3, shuffle=False, verbose=2)
    assert int(parts.rounds.numpy()) == 5
    assert "d_loss" in capsys.readouterr().out
    held = parts.fit(
        points, validation_split=0.3, epochs=2, validation_freq=2, verbose=0, shuffle=False
    ).history
    assert len(held["val_d_loss"]) == 1
    expected = parts.evaluate(points[7:], verbose=0, return_dict=True)["d_loss"]
    assert held["val_d_loss"] == pytest.approx([expected], rel=1e-6)


@works(
    "habits",
    "`copy.deepcopy`, `pickle`, `keras.models.clone_model`",
    "A game of its own that plays on as the first would; of `clone_model`, with new weights.",
)
@pytest.mark.parametrize("way", ["deepcopy", pytest.param("pickle", marks=pytest.mark.slow)])
def test_copies(sgd, points, way):
    game = sgd(penalties=[R1(2.0)])
    fit(game, points)
    copied = copy.deepcopy(game) if way == "deepcopy" else pickle.loads(pickle.dumps(game))
    assert copied.discriminator is not game.discriminator
    assert copied.penalties[0].gamma() == 2.0
    expected = fit(game, points)
    for name, values in fit(copied, points).items():
        assert values == pytest.approx(expected[name], rel=1e-6), name
    for one, other in zip(game.get_weights(), copied.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    made = keras.models.clone_model(game)
    assert isinstance(made, AdversarialGame)
    assert made.penalties[0].gamma() == 2.0
    assert int(made.rounds.numpy()) == 0


@refused(
    "habits",
    '`game.networks["generator"] = …`, `game.generator = …`, `game.conditions`, `game.optimizers`, '
    "`game.optimizer = …`",
    "What was checked, built and compiled would stay: make another game, or compile again.",
    match="a game keeps its|an optimizer is built for what it moves",
)
@pytest.mark.parametrize(
    "change",
    [
        lambda game: game.networks.__setitem__("generator", game.generator),
        lambda game: game.networks.update(generator=game.generator),
        lambda game: game.networks.pop("generator"),
        lambda game: game.networks.clear(),
        lambda game: game.networks.__delitem__("generator"),
        lambda game: game.conditions.setdefault("label", 1),
        lambda game: game.roles.popitem(),
        lambda game: game.optimizers.__setitem__("generator", 1),
        lambda game: setattr(game, "generator", game.generator),
        lambda game: setattr(game, "generator_optimizer", keras.optimizers.SGD(1.0)),
        lambda game: setattr(game, "optimizer", keras.optimizers.SGD(1.0)),
    ],
)
def test_other_parts(sgd, change):
    change(sgd())


def test_parts_can_still_be_read_and_saved(sgd, points, tmp_path):
    game = sgd()
    assert dict(game.networks) == {"generator": game.generator, "discriminator": game.discriminator}
    fit(game, points)
    game.save(tmp_path / "game.keras")
    read = keras.models.load_model(tmp_path / "game.keras")
    with pytest.raises(UsageError, match="a game keeps its networks"):
        read.networks["generator"] = game.generator
