"""Files: what Keras writes of a game, and reads back."""

import json
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.errors import RunError
from advnets.game import (
    R1,
    AdversarialGame,
    Alternating,
    Categorical,
    Gaussian,
    GeneratorAverage,
    NonSaturating,
    Penalty,
    Role,
    state,
)


class Learning(NonSaturating):
    """Its weight grows by a tenth of D(G(z)) a round."""

    def __init__(self, start=1.0):
        super().__init__()
        self.weight = state(start, tf.float32)

    def generator(self, real, fake):
        return self.weight * super().generator(real, fake)

    def update(self, real, fake):
        self.weight.assign_add(0.1)


class Reading(Penalty):
    """Rewards G for examples that a further network reads its code off."""

    player = "generator"
    fields = ("code",)
    roles: ClassVar = {"reader": Role("example", "code", player="generator")}

    def __init__(self, weight):
        self.weight = weight
        self.rounds_seen = state(0.0)

    def __call__(self, play):
        read = play.call("reader", play.fake)
        return self.weight * keras.losses.sparse_categorical_crossentropy(
            play.fake.fields["code"], read, from_logits=True
        )

    def update(self, play):
        self.rounds_seen.assign_add(1.0)


def told_network(size):
    z, code = keras.Input((3,), name="latent"), keras.Input((), name="code", dtype="int64")
    told = keras.layers.Concatenate()([z, keras.layers.Embedding(4, 2)(code)])
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(size, "relu")(told))
    return keras.Model({"latent": z, "code": code}, keras.layers.Dense(2)(hidden))


def everything(make_network, half="float32"):
    """A game with one of each thing that has a state."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(half)
    judge = keras.Sequential([make_network(2, 4, 7), keras.layers.Dropout(0.3, seed=2)])
    judge.add(keras.layers.Dense(1, kernel_regularizer="l2"))
    networks = {"reader": make_network(2, 4, 3)}
    generator, average = told_network(4), told_network(4)
    keras.config.set_dtype_policy(before)
    game = AdversarialGame(
        generator,
        judge,
        networks=networks,
        conditions={"code": Categorical(4)},
        prior=Gaussian(3, deviation=0.5),
        loss=Learning(0.5),
        penalties=[R1(0.1), Reading(0.3)],
        updates=Alternating(2),
        average=GeneratorAverage(average, decay=0.9),
        seed=5,
    )
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5)
    game.compile(
        keras.optimizers.Adam(decay),
        keras.optimizers.RMSprop(1e-3, momentum=0.5),
        optimizers={"reader": keras.optimizers.SGD(0.1, momentum=0.9)},
        steps_per_execution=2,
    )
    return game


def train(game, points, epochs=1):
    game.fit(points, batch_size=4, epochs=epochs, shuffle=False, verbose=0)


@pytest.fixture(scope="module")
def played(make_network, points, tmp_path_factory, snapshot):
    """A game after a few rounds, and its files: the whole, and the weights."""
    game = everything(make_network)
    train(game, points[:8])
    game.slow_down(0.5)
    folder = tmp_path_factory.mktemp("saved")
    game.save(folder / "game.keras")
    game.save_weights(folder / "game.weights.h5")
    return game, folder, snapshot(game)


@pytest.fixture(scope="module")
def loaded(played):
    return keras.models.load_model(played[1] / "game.keras")


@works(
    "saving",
    "`save`, `keras.models.load_model`",
    "The file holds what the game is made of, optimizers and compile options included, and all "
    "that training can change: averages, loss scales, states of losses and penalties, the round. "
    "What is loaded plays on to the bit. `import advnets.game`, and what was plugged in, first. "
    "An old file is replaced when the new one is whole.",
)
def test_a_loaded_game_plays_on(played, loaded, points, snapshot, assert_same):
    game, _, before = played
    assert_same(before, snapshot(loaded))
    assert type(loaded.loss) is Learning
    assert loaded.penalties[0].gamma == 0.1
    assert loaded.prior.deviation == 0.5
    assert loaded.updates.batches == 2
    assert loaded.averages["generator"].decay == 0.9
    assert loaded.steps_per_execution == 2
    np.testing.assert_array_equal(game.generate(4)[0], loaded.generate(4)[0])
    for each in (game, loaded):
        train(each, points[:8])
    assert_same(snapshot(game), snapshot(loaded))
    assert not np.array_equal(before["loss/0000/weight"], snapshot(game)["loss/0000/weight"])


@pytest.mark.slow
def test_loss_scales_are_saved(make_network, points, tmp_path, snapshot, assert_same):
    game = everything(make_network, "mixed_float16")
    game.loss_scales["generator"].scale.assign(64.0)
    game.loss_scales["discriminator"].good_steps.assign(7)
    game.save(tmp_path / "half.keras")
    read = keras.models.load_model(tmp_path / "half.keras")
    assert_same(snapshot(game), snapshot(read))
    assert float(read.loss_scales["generator"].scale) == 64.0


@works(
    "saving",
    "`save_weights`, `load_weights`, `BackupAndRestore`",
    "All that training can change, as in a `.keras` file. Weights that do not fit leave the game "
    "as it was.",
)
@pytest.mark.slow
def test_weights(played, make_network, snapshot, assert_same):
    _, folder, before = played
    other = everything(make_network)
    other.load_weights(folder / "game.weights.h5")
    assert_same(before, snapshot(other))


def without_ids(config):
    """A configuration without the numbers of objects in memory that Keras puts into it."""
    if isinstance(config, dict):
        return {k: without_ids(v) for k, v in config.items() if k != "shared_object_id"}
    return [without_ids(each) for each in config] if isinstance(config, list) else config


@works(
    "saving",
    "`get_config`, `from_config`, `to_json`",
    "What a game is made of, without its weights.",
)
def test_config(played):
    config = json.loads(json.dumps(played[0].get_config()))
    made = AdversarialGame.from_config(config)
    assert without_ids(json.loads(json.dumps(made.get_config()))) == without_ids(config)
    assert json.loads(played[0].to_json())["class_name"] == "AdversarialGame"


@refused(
    "saving",
    "`save` of networks that share layers",
    "Keras writes a layer once for each of the networks, and each would be read with layers of its "
    "own; `save_weights` and `load_weights` work.",
    match="discriminator and reader share the layer 'trunk'",
)
def test_shared_layers(make_game, tmp_path, snapshot, assert_same):
    shared = keras.layers.Dense(4, name="trunk")
    x = keras.Input((2,))
    judge = keras.Model(x, keras.layers.Dense(1)(shared(x)))
    reader = keras.Model(x, keras.layers.Dense(4)(shared(x)))
    game = make_game(
        generator=told_network(4),
        discriminator=judge,
        networks={"reader": reader},
        conditions={"code": Categorical(4)},
        penalties=[Reading(1.0)],
    )
    game.save_weights(tmp_path / "game.weights.h5")
    before = snapshot(game)
    game.load_weights(tmp_path / "game.weights.h5")
    assert_same(before, snapshot(game))
    game.save(tmp_path / "game.keras")


@works(
    "saving",
    "`get_weights`, `set_weights`, `EarlyStopping(restore_best_weights=True)`",
    "The networks' weights, the averaged ones and the round, in an order of their own; optimizers "
    "and components' states are in files only, as with any Keras model.",
)
def test_get_and_set_weights(played, snapshot, assert_same):
    game, _, _ = played
    before, weights = snapshot(game), game.get_weights()
    game.set_weights([value * 0 for value in weights])
    found = snapshot(game)
    for name, value in found.items():
        changed = name.startswith(
            ("generator/", "discriminator/", "averaged_", "networks.", "roun")
        )
        if changed and "seed_generator" not in name:
            assert not value.any(), name
    game.set_weights(weights)
    assert_same(before, snapshot(game))


class Unwritable(Penalty):
    """Is made with something that no file can hold."""

    def __init__(self, thing):
        self.thing = thing

    def __call__(self, play):
        return tf.zeros([play.size])


@refused(
    "saving",
    "`save` with a component that no file can hold",
    "A component is written as the arguments of its constructor; one that takes other things says "
    "how by `get_config` and `from_config`. The old file stays.",
    match=r"penalties.0, a Unwritable, cannot be written",
)
def test_a_component_that_cannot_be_written(make_game, tmp_path):
    path = tmp_path / "game.keras"
    path.write_text("old")
    try:
        make_game(penalties=[Unwritable(object())]).save(path)
    finally:
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


@refused(
    "saving",
    "`save` after an attribute of a component was changed",
    "The file would hold what the constructor was given.",
    match=r"penalties.0.gamma of the R1 is 5.0, and its constructor made it 10.0",
)
def test_a_component_that_was_changed(make_game, tmp_path):
    game = make_game(penalties=[R1()])
    game.penalties[0].gamma = 5.0
    game.save(tmp_path / "game.keras")


@pytest.mark.slow
def test_a_file_that_cannot_be_written_leaves_the_old_one(make_game, tmp_path, monkeypatch):
    game = make_game()
    for name in ("game.keras", "game.weights.h5"):
        path = tmp_path / name
        write = game.save if name.endswith(".keras") else game.save_weights
        write(path)
        old = path.read_bytes()

        def fail(store):
            raise OSError("no space left")

        monkeypatch.setattr(game.generator.layers[0], "save_own_variables", fail)
        with pytest.raises(RunError, match=f"cannot write {name}: no space"):
            write(path)
        monkeypatch.undo()
        assert path.read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 2
