"""The methods of keras.Model on a game made by hand."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.errors import DataError, UsageError
from advnets.game import R1, Alternating, Categorical, Penalty, Simultaneous, state


@pytest.fixture(scope="module")
def game(make_game):
    """For tests that leave it as it is."""
    return make_game()


@works(
    "methods",
    "`fit`",
    "Plays a round per batch; what an epoch and its callbacks log are means over its batches so "
    "far, weighted by their sizes.",
)
@pytest.mark.parametrize(
    "steps", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_an_epoch_logs_means(make_game, points, steps, measured):
    game, apart = make_game(), make_game()
    game.compile("sgd", "sgd", steps_per_execution=steps)
    apart.compile("sgd", "sgd")
    seen = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))
    with measured.timed("logged_means"):
        fitted = game.fit(points, batch_size=4, shuffle=False, verbose=0, callbacks=[watch])
    each = [apart.train_step(points[start : start + 4]) for start in (0, 4, 8)]
    for name, found in fitted.history.items():
        expected = np.average([float(logs[name]) for logs in each], weights=[4, 4, 2])
        assert found[0] == pytest.approx(expected, rel=1e-5), name
        assert seen[-1][name] == pytest.approx(expected, rel=1e-5)
    assert len(seen) == -(-3 // steps)
    assert int(game.rounds.numpy()) == 3


@pytest.mark.slow
def test_means_of_norms_are_of_the_rounds_that_measured_them(make_game, points):
    game, apart = make_game(), make_game()
    game.norms_every = 2
    fitted = game.fit(points, batch_size=5, shuffle=False, verbose=0)
    first = apart.train_step(points[:5])
    assert fitted.history["d_gradient_norm"][0] == pytest.approx(
        float(first["d_gradient_norm"]), rel=1e-5
    )
    assert "norms_measured" not in fitted.history


@works("methods", "`train_on_batch`", "Plays one round, and returns what it logs.")
def test_train_on_batch(make_game, points):
    game, apart = make_game(), make_game()
    logs = game.train_on_batch(points, return_dict=True)
    expected = apart.train_step(points)
    assert logs == pytest.approx({name: float(value) for name, value in expected.items()}, rel=1e-5)
    listed = game.train_on_batch(points)
    assert len(listed) == len(game.metrics_names)
    assert game.metrics_names == sorted(expected)


@works(
    "methods",
    "`evaluate`, `metrics_names`",
    "Judges held-out examples, with networks as in inference and latent points that are the same "
    "every time: losses with penalties, V, accuracies. Nothing moves. As a list in the order of "
    "`metrics_names`, or by name.",
)
def test_evaluate(make_network, make_game, points, snapshot, assert_same):
    dropping = keras.Sequential([make_network(2, 4, 7), keras.layers.Dropout(0.5, seed=1)])
    dropping.add(keras.layers.Dense(1))
    game = make_game(discriminator=dropping, penalties=[R1(2.0)])
    before = snapshot(game)
    found = game.evaluate(points, batch_size=4, verbose=0, return_dict=True)
    assert game.evaluate(points, batch_size=4, verbose=0) == [found[n] for n in game.metrics_names]
    assert_same(before, snapshot(game))
    assert {"d_loss", "g_loss", "value", "d_accuracy_real"} <= found.keys()
    assert "d_gradient_norm" not in found
    # By hand: D = sigmoid(logits) without dropout; R1's γ/2 ‖∇C‖² of real examples.
    x = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = game.discriminator(x, training=False)
    penalty = tf.reduce_sum(tape.gradient(logits, x) ** 2, axis=1)
    assert found["d_real"] == pytest.approx(np.mean(tf.sigmoid(logits)), rel=1e-5)
    assert found["d_loss"] == pytest.approx(-found["value"] + np.mean(penalty), rel=1e-4)
    game.fit(points, batch_size=5, verbose=0)  # goes on as if nothing had been looked at
    apart = make_game(discriminator=keras.models.clone_model(dropping), penalties=[R1(2.0)])
    assert apart.rounds.numpy() == 0
    assert game.rounds.numpy() == 2


@works("methods", "`test_on_batch`", "Judges one batch, as `evaluate` does its first.")
def test_test_on_batch(game, points):
    found = game.test_on_batch(points, return_dict=True)
    assert found == pytest.approx(game.evaluate(points, verbose=0, return_dict=True))


@works("methods", "`fit(validation_data=…)`", "Logs what `evaluate` returns, `val_d_loss`.")
def test_validation_data(make_game, points, measured):
    game = make_game()
    with measured.timed("inherited_methods"):
        history = game.fit(points, validation_data=(points[:5],), verbose=0).history
    expected = game.evaluate(points[:5], verbose=0, return_dict=True)
    found = {name[4:]: value[0] for name, value in history.items() if name.startswith("val_")}
    assert found == pytest.approx(expected)


class Growing(Penalty):
    """Changes its weight while it computes."""

    def __init__(self):
        self.weight = state(1.0)

    def __call__(self, play):
        self.weight.assign_add(1.0)
        return self.weight * play.real.critic(play.real.x).logits


@refused(
    "methods",
    "`evaluate` with a penalty that changes its state while it computes",
    "Looking must not change what training goes on from; `update` is where states change.",
    match=r"would change its variable 'penalties.0/0000/weight'",
)
def test_evaluation_that_would_change_the_game(make_game, points):
    make_game(penalties=[Growing()]).evaluate(points, verbose=0)


@works(
    "methods",
    "`predict`, `predict_on_batch`, `game(…)`",
    "Samples made of latent points, with averaged weights where they are kept.",
)
def test_predict(game):
    z = np.random.default_rng(1).normal(size=(7, 3)).astype("float32")
    expected = game.generator(z).numpy()
    np.testing.assert_allclose(game.predict(z, batch_size=3, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(game.predict_on_batch(z), expected, rtol=1e-5)
    np.testing.assert_allclose(game(z), expected, rtol=1e-5)
    np.testing.assert_allclose(game({"latent": z}), expected, rtol=1e-5)
    np.testing.assert_allclose(game.generate_from(z), expected, rtol=1e-5)


@works("methods", "`predict` of a conditional game", "Takes a dictionary, by what G is told.")
def test_predict_told(make_game):
    z, code = keras.Input((3,), name="latent"), keras.Input((), name="code", dtype="int64")
    told = keras.layers.Concatenate()([z, keras.layers.Embedding(4, 2)(code)])
    generator = keras.Model({"latent": z, "code": code}, keras.layers.Dense(2)(told))
    game = make_game(generator=generator, conditions={"code": Categorical(4)})
    given = {"latent": np.ones([4, 3], "float32"), "code": np.arange(4)}
    found = game.predict(given, verbose=0)
    np.testing.assert_allclose(found, generator(given), rtol=1e-5)
    for kind in ("int64", "uint8", "float32"):
        told = {**given, "code": given["code"].astype(kind)}
        np.testing.assert_allclose(game.generate_from(told), found, rtol=1e-5)
    for wrong in (4, -1, 0.5):
        with pytest.raises(DataError, match="are no classes"):
            game.generate_from({**given, "code": np.full(4, wrong)})
    with pytest.raises(UsageError, match="'code' of the shape"):
        game.generate_from({**given, "code": given["code"][:, None]})
    assert len(np.unique(found, axis=0)) == 4


@refused(
    "methods",
    "`predict` of examples",
    "Samples are made of latent points; `game.discriminator.predict` judges.",
    match=r"made of 'latent' of the shape \(3,\); \(2,\) was given",
)
def test_predict_of_examples(game, points):
    game.predict(points, verbose=0)


@works("compile", "`run_eagerly=True`", "The same rounds, operation by operation.")
@pytest.mark.parametrize("updates", [Alternating(2), Simultaneous()])
@pytest.mark.slow
def test_run_eagerly(make_game, points, updates):
    logs = []
    for eagerly in (False, True):
        game = make_game(updates=updates)
        game.compile("sgd", "sgd", run_eagerly=eagerly)
        logs.append(game.fit(points, batch_size=10, epochs=2, shuffle=False, verbose=0).history)
    for name, values in logs[0].items():
        assert logs[1][name] == pytest.approx(values, rel=1e-4), name


@works("compile", "`jit_compile=True`", "XLA compiles the round; its numbers are the same ones.")
@pytest.mark.slow
def test_jit_compile(make_game, points):
    logs = []
    for jit in (False, True):
        game = make_game()
        game.compile("sgd", "sgd", jit_compile=jit)
        logs.append(game.fit(points, batch_size=10, shuffle=False, verbose=0).history)
    for name, values in logs[0].items():
        assert logs[1][name] == pytest.approx(values, rel=1e-4), name


@works(
    "compile",
    "`steps_per_execution`",
    "That many rounds between two calls of callbacks, on replicas too. They are not compiled into "
    "one loop, as those of `advnets run` are.",
)
@pytest.mark.slow
def test_steps_per_execution(make_game, points):
    calls = []
    game = make_game()
    game.compile("sgd", "sgd", steps_per_execution=4)
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: calls.append(batch)
    )
    game.fit(points, batch_size=1, verbose=0, callbacks=[watch])
    assert len(calls) == 3
    assert game.rounds.numpy() == 10


@refused(
    "compile",
    "`compile(loss=…)`",
    "What the players minimise is part of the game.",
    match=r"compile\(…, loss='mse'\): what the players minimise is part of the game",
)
def test_compile_with_a_loss(game):
    game.compile("sgd", "sgd", loss="mse")


@refused(
    "compile",
    "`compile(metrics=…, weighted_metrics=…)`",
    "A Keras metric compares predictions with targets, and a game has neither.",
    match="and a game has neither",
)
@pytest.mark.parametrize("name", ["metrics", "weighted_metrics"])
def test_compile_with_metrics(game, name):
    game.compile("sgd", "sgd", **{name: ["accuracy"]})


@refused(
    "compile",
    "`compile(optimizer=…)`",
    "Each player has an optimizer of its own.",
    match="each player has an optimizer of its own",
)
def test_compile_with_one_optimizer(game):
    game.compile(optimizer="adam")


@refused(
    "compile",
    "`compile(loss_weights=…, auto_scale_loss=…)`, unknown options",
    "A game has no outputs to weight, and a loss scale for each player.",
    match=r"no outputs|loss scale of its own|no such option",
)
@pytest.mark.parametrize(
    "option", [{"loss_weights": [1.0]}, {"auto_scale_loss": True}, {"learning_rate": 0.1}]
)
def test_compile_with_other_options(game, option):
    game.compile("sgd", "sgd", **option)


def test_a_refused_compile_leaves_the_loss(game):
    before = game.loss
    with pytest.raises(Exception, match="part of the game"):
        game.compile("sgd", "sgd", loss="mse")
    assert game.loss is before


@refused(
    "methods",
    "`add_loss`, `add_metric`, `add_weight`, `compiled_loss`, `compiled_metrics`, `compute_loss`, "
    "`compute_metrics`, `get_state_tree`, `set_state_tree`, `stateless_call`, "
    "`stateless_compute_loss`",
    "They are for one loss, one optimizer, predictions and targets, or hold what no file would.",
    match="some player's|no predictions and targets|has neither|one optimizer|would not hold",
)
@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("add_loss", [0.0]),
        ("add_metric", ["accuracy"]),
        ("add_weight", [(2,)]),
        ("compute_loss", []),
        ("compute_metrics", [None, None, None]),
        ("compiled_loss", [None, None]),
        ("compiled_metrics", []),
        ("get_state_tree", []),
        ("set_state_tree", [{}]),
        ("stateless_call", [[], [], None]),
        ("stateless_compute_loss", [[], [], []]),
    ],
)
def test_methods_that_a_game_has_not(game, method, given):
    getattr(game, method)(*given)


@refused(
    "methods",
    "`quantize`, `quantized_build`, `quantized_call`, `get_quantization_layer_structure`",
    "Quantised layers cannot be trained; `game.generator.quantize` when the game is over.",
    match="cannot be trained",
)
@pytest.mark.parametrize(
    "method", ["quantize", "quantized_build", "quantized_call", "get_quantization_layer_structure"]
)
def test_quantising(game, method):
    getattr(game, method)("int8")


@refused(
    "methods",
    "`game(keras.Input(…))`, `symbolic_call`, `compute_output_shape`, `compute_output_spec`",
    "A game is no layer of another network; its generator is one.",
    match="a game is no layer of another network",
)
@pytest.mark.parametrize(
    "way", ["", "symbolic_call", "compute_output_shape", "compute_output_spec"]
)
def test_as_a_layer(game, way):
    (getattr(game, way) if way else game)(keras.Input((3,)))


def test_several_games_play_and_are_asked_without_a_warning(make_game, points, caplog, monkeypatch):
    """TensorFlow counts traces by the line of code, whichever game they are of."""
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    z = np.ones([4, 3], "float32")
    for _ in range(6):
        game = make_game()
        game.compile("sgd", "sgd")
        game.fit(points[:6], batch_size=4, verbose=0)
        game.evaluate(points[:6], batch_size=4, verbose=0)
        game.predict(z, batch_size=3, verbose=0)
        game.generate(3)
    assert "retracing" not in caplog.text
