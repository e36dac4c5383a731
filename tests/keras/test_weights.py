"""Weights that are read, set, kept and restored: all of them, or none."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.errors import UsageError
from advnets.game import AdversarialGame, GeneratorAverage, NonSaturating, state


@refused(
    "saving",
    "`load_weights` of another game",
    "What does not fit would leave a game of two halves: what the file lacks, and what it has and "
    "the game has not (averages, networks, states of components, loss scales, of optimizers). A "
    "game that is not compiled reads its networks, and says that states of optimizers are left "
    "out.",
    match="does not hold the weights of this game",
)
def test_weights_of_another_game(make_game, make_network, tmp_path, snapshot, assert_same):
    make_game(generator=make_network(3, 2)).save_weights(tmp_path / "small.weights.h5")
    deeper = keras.Sequential([make_network(3, 5), make_network(5, 2)])
    other = make_game(generator=deeper)
    before = snapshot(other)
    try:
        other.load_weights(tmp_path / "small.weights.h5")
    finally:
        assert_same(before, snapshot(other))


class Counting(NonSaturating):
    """Has a state."""

    def __init__(self):
        super().__init__()
        self.rounds = state(3.0)


def test_what_a_file_has_and_the_game_has_not(
    make_game, make_network, tmp_path, snapshot, assert_same
):
    """Keras leaves it out without a word: samples would be others than those that were seen."""
    generator = make_network(3, 2)
    averaged = make_game(generator, average=GeneratorAverage(keras.models.clone_model(generator)))
    files = {
        "average.keras": (averaged.save, "4 arrays, which this game lacks: average_networks"),
        "average.weights.h5": (averaged.save_weights, "which this game lacks: average_networks"),
        "state.weights.h5": (make_game(loss=Counting()).save_weights, "lacks: loss.0000.rounds"),
        "adam.weights.h5": (
            make_game(optimizer=keras.optimizers.Adam).save_weights,
            "16 arrays, which this game lacks: discriminator_optimizer",
        ),
    }
    game = make_game()
    before = snapshot(game)
    for name, (write, _) in files.items():
        write(tmp_path / name)
    sharded = tmp_path / "average.weights.json"
    averaged.save_weights(sharded, max_shard_size=1e-7)
    files[sharded.name] = files["average.weights.h5"]
    for name, (_, match) in files.items():
        with pytest.raises(UsageError, match="does not hold the weights of this game") as caught:
            game.load_weights(tmp_path / name)
        assert re.search(match, caught.value.hint), caught.value.hint
        assert_same(before, snapshot(game))


def test_weights_for_a_game_that_is_not_compiled(make_game, make_network, tmp_path, caplog):
    game, z = make_game(), np.ones([2, 3], "float32")
    game.save_weights(tmp_path / "game.weights.h5")
    other = AdversarialGame(make_network(3, 2, 5), make_network(2, 1, 5))
    other.load_weights(tmp_path / "game.weights.h5")
    np.testing.assert_array_equal(other.predict(z, verbose=0), game.predict(z, verbose=0))
    assert "states of optimizers" in caplog.text


@pytest.mark.parametrize("way", ["load_weights", "set_weights"])
def test_an_interrupted_load_leaves_the_game(
    make_game, way, tmp_path, monkeypatch, snapshot, assert_same
):
    """Ctrl-C in the middle: some variables have been read, others have not."""
    game = make_game()
    game.save_weights(tmp_path / "game.weights.h5")
    before = snapshot(game)

    def interrupt(*args, **options):
        first = game.discriminator.variables[0]
        first.assign_add(tf.ones_like(first))
        raise KeyboardInterrupt

    ways = {
        "load_weights": lambda: game.load_weights(tmp_path / "game.weights.h5"),
        "set_weights": lambda: game.set_weights(game.get_weights()),
    }
    monkeypatch.setattr(game.generator.layers[-1], "load_own_variables", interrupt)
    monkeypatch.setattr(keras.Model, "set_weights", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ways[way]()
    assert_same(before, snapshot(game))


def test_other_weights_are_set_by_halves_nowhere(make_game, snapshot, assert_same):
    game = make_game()
    before, weights = snapshot(game), game.get_weights()
    for others in (weights[:-1], [value + 1 for value in weights[:-1]] + [np.zeros([7, 7])]):
        with pytest.raises(UsageError, match="the list does not hold the weights of this game"):
            game.set_weights(others)
        assert_same(before, snapshot(game))


@works(
    "saving",
    "`keras.saving.save_model`, `keras.saving.load_weights`, … instead of the game's methods",
    "Write and read the same files. They begin with the file, and ask the game last: what is at a "
    "path is gone where something cannot be written, a game is of two halves where something does "
    "not fit. Its own methods set both back.",
)
@pytest.mark.slow
def test_the_functions_of_keras(make_game, points, tmp_path, snapshot, assert_same):
    game = make_game()
    game.fit(points, verbose=0)
    keras.saving.save_model(game, tmp_path / "game.keras")
    assert_same(snapshot(game), snapshot(keras.saving.load_model(tmp_path / "game.keras")))
    keras.saving.save_weights(game, tmp_path / "game.weights.h5")
    other = make_game()
    keras.saving.load_weights(other, tmp_path / "game.weights.h5")
    assert_same(snapshot(game), snapshot(other))


@works("saving", "`ModelCheckpoint`", "Keeps games or weights, by any value that is logged.")
@pytest.mark.slow
def test_model_checkpoint(make_game, points, tmp_path):
    game = make_game()
    keep = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="val_d_loss", save_best_only=True, mode="max"
    )
    losses = game.fit(
        points, validation_data=(points,), epochs=3, callbacks=[keep], verbose=0
    ).history["val_d_loss"]
    best = keras.models.load_model(tmp_path / "best.keras")
    assert best.rounds.numpy() == 1 + int(np.argmax(losses))
    assert best.evaluate(points, verbose=0, return_dict=True)["d_loss"] == pytest.approx(
        max(losses)
    )


@works("saving", "`BackupAndRestore`", "A fit that was killed goes on with the epoch it was in.")
@pytest.mark.slow
def test_backup_and_restore(make_game, points, tmp_path, snapshot, assert_same):
    class Killed(Exception):
        pass

    def kill(epoch, logs):
        if epoch == 2:
            raise Killed

    class Kill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            kill(epoch, logs)

    adam = {"optimizer": keras.optimizers.Adam, "rate": 0.01}
    backup = keras.callbacks.BackupAndRestore
    first = make_game(average=None, **adam)
    with pytest.raises(Killed):
        first.fit(
            points, epochs=4, shuffle=False, verbose=0, callbacks=[backup(tmp_path / "b"), Kill()]
        )
    second, whole = make_game(**adam), make_game(**adam)
    second.fit(points, epochs=4, shuffle=False, verbose=0, callbacks=[backup(tmp_path / "b")])
    whole.fit(points, epochs=4, shuffle=False, verbose=0)
    assert_same(snapshot(whole), snapshot(second))
