"""Networks of every make, and what Keras adds to their losses."""

import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.game import (
    R1,
    AdversarialGame,
    GeneratorAverage,
    Minimax,
    NonSaturating,
    Simultaneous,
    Uniform,
)

LINEAR = {"kernel_initializer": "ones", "use_bias": False}


def line(units=1, size=2, **options):
    """One layer, all of whose weights are 1."""
    layer = keras.layers.Dense(units, name="dense", **LINEAR, **options)
    return keras.Sequential([keras.Input((size,)), layer])


def kernel(network):
    return network.get_layer("dense").kernel.numpy()


@works(
    "networks",
    "`kernel_regularizer`, `bias_regularizer`, …",
    "Part of the objective of the player that the network moves with, once a move, and none of "
    "the critic's in a penalty. Logged in the losses, and apart as `d_added_losses`.",
)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, marks=pytest.mark.slow),
        {"updates": Simultaneous()},
        pytest.param({"penalties": [R1(0.1)]}, marks=pytest.mark.slow),
    ],
)
def test_weight_regularisers(points, options, measured):
    moved, losses = [], []
    for regulariser in (None, keras.regularizers.L2(0.3)):
        game = AdversarialGame(
            line(2, 3, kernel_regularizer=regulariser),
            line(1, 2, kernel_regularizer=regulariser),
            seed=1,
            **options,
        )
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        with measured.timed("added_losses"):
            losses.append(game.fit(points, batch_size=10, shuffle=False, verbose=0).history)
        moved.append(game)
    # d/dW 0.3 ‖W‖² = 0.6 W, W = 1: SGD moves by 0.06 more.
    apart = kernel(moved[0].discriminator) - kernel(moved[1].discriminator)
    np.testing.assert_allclose(apart, 0.06, rtol=1e-4)
    found, without = losses[1], losses[0]
    assert found["d_added_losses"] == pytest.approx([0.3 * 2])
    assert found["d_loss"][0] == pytest.approx(without["d_loss"][0] + 0.6, rel=1e-5)
    assert found["g_added_losses"] == pytest.approx([0.3 * 6])
    assert "d_added_losses" not in without
    if options == {"updates": Simultaneous()}:  # G's gradient is at D's old weights
        apart = kernel(moved[0].generator) - kernel(moved[1].generator)
        np.testing.assert_allclose(apart, 0.06, rtol=1e-4)


class Adding(keras.layers.Layer):
    """Adds the mean of its inputs to the loss."""

    def call(self, inputs):
        self.add_loss(0.5 * tf.reduce_mean(inputs))
        return inputs


@works(
    "networks",
    "`activity_regularizer`, `add_loss` in a layer's `call`",
    "Part of the objective of the player that the network moves with: the mean over the calls of "
    "a move, so that D on real and on generated examples counts as once, in one call or two. "
    "The calls of critics in penalties are none of it.",
)
@pytest.mark.parametrize("calls", ["one", "two"])
def test_added_losses(points, calls, measured):
    judge = keras.Sequential([keras.Input((2,)), Adding(name="adding")])
    judge.add(keras.layers.Dense(1, name="dense", activity_regularizer="l2", **LINEAR))
    maker = keras.Sequential([line(2, 3), Adding()])
    game = AdversarialGame(maker, judge, seed=3, penalties=[R1(1.0)], updates=Simultaneous())
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.discriminator_calls = calls
    with measured.timed("added_losses"):
        logs = game.train_on_batch(points, return_dict=True)
    again = AdversarialGame(line(2, 3), line(), seed=3)
    z = again.prior.sample(again.draw(), "latent/both", 10)
    fake = line(2, 3)(z).numpy()
    both = np.concatenate([points, fake])
    expected = 0.5 * both.mean() + 0.01 * (both.sum(axis=1) ** 2).mean()
    assert logs["d_added_losses"] == pytest.approx(expected, rel=1e-5)
    assert logs["g_added_losses"] == pytest.approx(0.5 * fake.mean(), rel=1e-5)
    judged = game.evaluate(points, verbose=0, return_dict=True)
    assert judged["d_added_losses"] == game.evaluate(points, verbose=0, return_dict=True).pop(
        "d_added_losses"
    )


@pytest.mark.slow
def test_a_strong_regulariser_shrinks_the_weights(make_game, make_network, points):
    strong = make_network(2, 1, 7, kernel_regularizer=keras.regularizers.L2(1e3))
    game = make_game(discriminator=strong, optimizer=keras.optimizers.Adam, rate=0.01)
    before = np.sum(strong.layers[0].kernel.numpy() ** 2)
    game.fit(points, epochs=20, verbose=0)
    assert np.sum(strong.layers[0].kernel.numpy() ** 2) < before / 2


class Subclassed(keras.Model):
    """A network that tells nobody its shapes."""

    def __init__(self, units):
        super().__init__()
        self.inner = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(units)])
        self.drop = keras.layers.Dropout(0.5, seed=1)

    def call(self, inputs, training=False):
        return self.drop(self.inner(inputs), training=training)


@works(
    "networks",
    "subclassed and nested networks",
    "Once they are built, by a call say. The prior is to be given, since they tell no shape.",
)
def test_subclassed_networks(points):
    maker, judge = Subclassed(2), Subclassed(1)
    maker(np.zeros([1, 3], "float32")), judge(points)
    game = AdversarialGame(maker, judge, prior=Uniform(3))
    game.compile("adam", "adam")
    history = game.fit(points, epochs=2, verbose=0).history
    assert np.isfinite(history["d_loss"]).all()
    assert game.predict(np.zeros([2, 3], "float32"), verbose=0).shape == (2, 2)


@works(
    "networks",
    "layers with random state: `Dropout`, `GaussianNoise`, `SpectralNormalization`, …",
    "Keras's own draw by generators whose states are saved with the network, and that draw other "
    "numbers on each replica. `advnets.networks.Dropout` has no state: its masks are functions "
    "of the seed, the round and the example.",
)
@pytest.mark.slow
def test_random_layers(points, tmp_path):
    normal = keras.layers.SpectralNormalization(keras.layers.Dense(1))
    judge = keras.Sequential([keras.Input((2,)), keras.layers.GaussianNoise(0.5, seed=1), normal])
    game = AdversarialGame(line(2, 3), judge)
    game.compile("sgd", "sgd")
    game.fit(points, verbose=0)
    game.save(tmp_path / "game.keras")
    read = keras.models.load_model(tmp_path / "game.keras")
    logs = [one.fit(points, verbose=0, shuffle=False).history for one in (game, read)]
    assert logs[0] == logs[1]
    assert logs[0]["d_loss"] != game.fit(points, verbose=0, shuffle=False).history["d_loss"]


@works(
    "networks",
    "batch normalisation and frozen layers",
    "Running means move in rounds only, not in `evaluate`; D then judges real and generated "
    "examples apart. A layer with `trainable = False` stays as it is.",
)
def test_batch_statistics_and_frozen_layers(points):
    frozen = keras.layers.Dense(4, trainable=False)
    judge = keras.Sequential([keras.Input((2,)), frozen, keras.layers.BatchNormalization()])
    judge.add(keras.layers.Dense(1))
    game = AdversarialGame(line(2, 3), judge)
    game.compile("sgd", "sgd")
    fixed, mean = frozen.kernel.numpy(), judge.layers[1].moving_mean.numpy()
    game.evaluate(points, verbose=0)
    np.testing.assert_array_equal(mean, judge.layers[1].moving_mean.numpy())
    game.fit(points, verbose=0)
    np.testing.assert_array_equal(fixed, frozen.kernel.numpy())
    assert not np.array_equal(mean, judge.layers[1].moving_mean.numpy())


@refused(
    "networks",
    "a player that is frozen by `trainable = False`",
    "The habit of older GAN code, to hold D still while G moves: here only the one whose turn it "
    "is moves.",
    match="the discriminator has no weights to train: all its 2 weights are frozen",
)
def test_all_frozen(points):
    judge = line()
    judge.trainable = False
    game = AdversarialGame(line(2, 3), judge)
    game.compile("sgd", "sgd")
    game.fit(points, verbose=0)


@refused(
    "networks",
    "`trainable` changed after `compile`",
    "Optimizers are built for the variables that move; compile again.",
    match="`trainable` was changed in the generator after the game was compiled",
)
def test_trainable_after_compile(points):
    maker = keras.Sequential([line(4, 3), line(2, 4)])
    game = AdversarialGame(maker, line())
    game.compile("sgd", "sgd")
    maker.layers[0].trainable = False
    game.fit(points, verbose=0)


@refused(
    "networks",
    "`AdversarialGame(None, …)`, layers and functions as networks",
    "A player is a keras.Model.",
    match="the (generator|discriminator) is .*, and no keras.Model",
)
@pytest.mark.parametrize("players", [(None, None), (line(2, 3), keras.layers.Dense(1))])
def test_other_things_as_networks(players):
    AdversarialGame(*players)


@refused(
    "networks",
    '`loss="binary_crossentropy"`, Keras losses, classes instead of objects',
    "A game's loss says what each of two players minimises; Keras's compare with targets.",
    match="loss is .*, and no advnets.game.Loss|loss is the class Minimax itself",
)
@pytest.mark.parametrize(
    "loss",
    ["bce", keras.losses.BinaryCrossentropy(), Minimax],
    ids=["a name", "of Keras", "a class"],
)
def test_other_things_as_losses(loss):
    AdversarialGame(line(2, 3), line(), loss=loss)


@works(
    "methods",
    "`summary`, `repr`",
    "Say what is played: the networks, the loss, the penalties, the rule, the latent.",
)
def test_summary(make_game):
    game, said = make_game(loss=NonSaturating(0.5), penalties=[R1(3.0)]), []
    game.summary(print_fn=lambda *lines, **_: said.extend(lines))
    for text in (repr(game), "\n".join(said)):
        for word in ("latent (3,) → example", "NonSaturating(discriminator_weight=0.5)", "R1(gam"):
            assert word in text
        assert "Alternating(discriminator_steps=1)" in text
        assert "SGD" in text
    in_graph: list[str] = []
    tf.function(lambda: in_graph.append(repr(game)))()  # as AutoGraph asks for it
    assert "SGD" in in_graph[0]
    assert "rounds played" not in in_graph[0]


@works(
    "methods",
    "`export`",
    "Exports the generator, of averaged weights where they are kept: latent points to samples.",
)
@pytest.mark.slow
def test_export(make_game, make_network, points, tmp_path):
    game = make_game(average=GeneratorAverage(make_network(3, 2)))
    game.fit(points, verbose=0)
    game.export(str(tmp_path / "exported"), verbose=False)
    z = np.ones([3, 3], "float32")
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(exported.serve(z), game.predict(z, verbose=0), rtol=1e-5)


@works(
    "replicas",
    "`fit`, `evaluate`, `predict`, `steps_per_execution` under `MirroredStrategy`",
    "The same game on any number of replicas, up to rounding: regularisers and added losses are "
    "those of the global batch.",
)
@pytest.mark.slow
def test_two_replicas(preloaded):
    script = Path(__file__).with_name("two_replicas.py")
    done = subprocess.run([*preloaded, script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["the same"], done.stdout + done.stderr[-2000:]


@works(
    "networks",
    "`BatchNormalization`, `GroupNormalization`, `LayerNormalization`, `SpectralNormalization`, …",
    "Whether a layer mixes the examples of a batch is asked of it: where it does, D judges real "
    "and generated examples apart.",
)
@pytest.mark.parametrize(
    ("make", "mixes"),
    [
        (lambda: keras.layers.BatchNormalization(), True),
        (lambda: keras.layers.BatchNormalization(synchronized=True), True),
        (lambda: keras.layers.LayerNormalization(), False),
        (lambda: keras.layers.GroupNormalization(2), False),
        (lambda: keras.layers.RMSNormalization(), False),
        (lambda: keras.layers.UnitNormalization(), False),
        (lambda: keras.layers.SpectralNormalization(keras.layers.Dense(4)), False),
        (lambda: keras.layers.Lambda(lambda x: x - tf.reduce_mean(x, axis=0)), True),
    ],
    ids=["batch", "batch, synchronized", "layer", "group", "rms", "unit", "spectral", "own"],
)
def test_statistics_of_any_kind(points, make, mixes):
    layers = [keras.Input((2,)), keras.layers.Dense(4), make(), keras.layers.Dense(1)]
    game = AdversarialGame(line(2, 3), keras.Sequential(layers))
    assert ("discriminator" not in game.joint) == mixes
    game.compile("sgd", "sgd", run_eagerly=True)
    assert np.isfinite(game.fit(points, verbose=0).history["d_loss"]).all()


@works(
    "networks",
    "`keras.applications`",
    "As a player, as part of one, or frozen, as features; its last layer linear, of one unit.",
)
@pytest.mark.slow
def test_a_network_of_keras_applications():
    size = (32, 32, 3)
    body = keras.applications.MobileNetV2(size, alpha=0.35, include_top=False, weights=None)
    whole = keras.applications.MobileNetV2(
        size, alpha=0.35, weights=None, classes=1, classifier_activation=None
    )
    body.trainable = False
    pooled = keras.layers.GlobalAveragePooling2D()
    part = keras.Sequential([keras.Input(size), body, pooled, keras.layers.Dense(1)])
    images = np.random.default_rng(0).uniform(-1, 1, (4, *size)).astype("float32")
    for judge in (part, whole):
        maker = [keras.Input((3,)), keras.layers.Dense(32 * 32 * 3, "tanh")]
        game = AdversarialGame(keras.Sequential([*maker, keras.layers.Reshape(size)]), judge)
        game.compile("sgd", "sgd", run_eagerly=True)
        frozen = [v.numpy() for v in body.weights]
        assert np.isfinite(game.fit(images, verbose=0).history["d_loss"]).all()
        for before, after in zip(frozen, body.weights, strict=True):
            np.testing.assert_array_equal(before, after)
