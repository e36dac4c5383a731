"""Every callback of Keras in `fit` of a game made by hand; tests/train has those of runs."""

import csv
import http.server
import json
import threading
import urllib.parse

import keras
import numpy as np
import pytest
from keras_lines import refused, works

from advnets.errors import UsageError
from advnets.game import for_player

callbacks = keras.callbacks
HALVING = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)


def fit(game, points, *attached, epochs=2, **options):
    return game.fit(
        points,
        batch_size=5,
        shuffle=False,
        verbose=0,
        epochs=epochs,
        callbacks=list(attached),
        **options,
    ).history


@pytest.fixture
def eager(make_game):
    def make(generator="sgd", discriminator="sgd", **options):
        game = make_game(**options)
        game.compile(generator, discriminator, run_eagerly=True)
        return game

    return make


def rates(game):
    return [float(each.learning_rate) for each in game.optimizer.optimizers]


@works(
    "callbacks",
    "`LearningRateScheduler`",
    "Sets the rate of each player, from its own; of one alone as `for_player(callback, "
    '"discriminator")`. A schedule is scaled as a whole. Logs `learning_rate_generator`, '
    "`learning_rate_discriminator`.",
)
def test_learning_rate_scheduler(eager, points):
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    game = eager(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    history = fit(game, points, halve)
    assert rates(game) == [0.125, 0.0625]
    assert history["learning_rate_generator"] == [0.25, 0.125]
    fit(game, points, for_player(halve, "discriminator"), epochs=1)
    assert rates(game) == [0.125, 0.03125]


def test_a_schedule_is_scaled_as_a_whole(eager, points):
    """Two moves an epoch: the schedule halves the rate four times, the callback twice."""
    game = eager(keras.optimizers.SGD(HALVING), keras.optimizers.SGD(0.5))
    fit(game, points, callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2))
    assert rates(game) == [0.5 / 2**6, 0.125]


def test_weights_move_by_the_rate_that_was_set(make_game, points):
    game, apart = make_game(), make_game(rate=0.05)
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    fit(game, points, callbacks.LearningRateScheduler(lambda epoch, rate: 0.05), epochs=1)
    apart.train_step(points[:5])
    apart.train_step(points[5:])
    for one, other in zip(game.weights, apart.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@works(
    "callbacks",
    "`ReduceLROnPlateau`",
    "As `LearningRateScheduler`. Of `d_loss` and `g_loss` lower values are better, of others "
    "`mode` says it.",
)
def test_reduce_on_plateau(eager, points):
    """Nothing betters by 10⁹, so the second and the third epoch reduce."""
    game = eager(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    plateau = callbacks.ReduceLROnPlateau("d_loss", factor=0.5, patience=1, min_delta=1e9)
    fit(game, points, plateau, epochs=3)
    assert rates(game) == [0.125, 0.0625]


@works("callbacks", "`EarlyStopping`", "On whatever is logged, `val_d_loss` too.")
def test_early_stopping(eager, points):
    stop = callbacks.EarlyStopping("val_g_loss", min_delta=1e9, patience=2)
    history = fit(eager(), points, stop, epochs=9, validation_data=(points,))
    assert len(history["d_loss"]) == 3


@refused(
    "callbacks",
    "what monitors a value of which nobody says which is better",
    "Keras would ask after the first epoch; here it is asked before the first round.",
    match="whether higher or lower values are better",
)
def test_no_direction(eager, points):
    fit(eager(), points, callbacks.EarlyStopping("d_real"))


@refused(
    "callbacks",
    "what monitors `loss` or `val_loss`",
    "Keras's default. There are `d_loss` and `g_loss`.",
    match="monitors 'val_loss', and a game has no one loss",
)
def test_no_one_loss(eager, points):
    fit(eager(), points, callbacks.EarlyStopping())


@refused(
    "callbacks",
    "what monitors a name that nobody logs",
    "Keras would warn of it after every epoch, and stop, save or slow down nothing: here `fit` "
    "ends after the first epoch, since a callback may log more, and says which names there are.",
    match="monitors 'fid', which nobody logs",
)
@pytest.mark.parametrize(
    "kind",
    [
        lambda **options: callbacks.EarlyStopping(**options),
        lambda **options: callbacks.ReduceLROnPlateau(**options),
        lambda **options: callbacks.ModelCheckpoint("best.keras", save_best_only=True, **options),
    ],
    ids=["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"],
)
def test_a_name_that_nobody_logs(eager, points, kind):
    game = eager()
    with pytest.raises(UsageError) as found:
        fit(game, points, kind(monitor="fid", mode="min"), epochs=3)
    assert "d_loss, d_real" in found.value.hint
    assert int(game.rounds.numpy()) == 2  # an epoch
    raise found.value


@refused(
    "callbacks",
    "what monitors `val_…` without validation data",
    "Nothing is validated.",
    match="monitors 'val_d_loss', and there are no data to validate with",
)
def test_nothing_to_validate_with(eager, points):
    fit(eager(), points, callbacks.EarlyStopping("val_d_loss"))


def test_a_name_that_another_callback_logs(eager, points):
    """Scores of one's own; and validation in every second epoch only."""
    scores = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(fid=epoch))
    stop = callbacks.EarlyStopping("fid", mode="min", patience=1)
    for _ in range(2):  # the callbacks may be used again
        assert len(fit(eager(), points, scores, stop, epochs=5)["d_loss"]) == 2
    rare = callbacks.EarlyStopping("val_d_loss", patience=9)
    with pytest.warns(UserWarning, match="val_d_loss"):
        fit(eager(), points, rare, epochs=2, validation_data=(points,), validation_freq=2)


@refused(
    "callbacks",
    "`OrbaxCheckpoint`",
    "It saves a state tree, which has room for one optimizer: `ModelCheckpoint` keeps all.",
    match="OrbaxCheckpoint: a state tree has room for one optimizer",
)
def test_orbax(eager, points):
    fit(eager(), points, object.__new__(callbacks.OrbaxCheckpoint))  # its package is not needed


@works("callbacks", "`CallbackList`", "Its callbacks are looked at as any others.")
def test_a_list_of_callbacks(eager, points):
    game, seen = eager(), []
    look = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    listed = callbacks.CallbackList([look], add_history=True, model=game, epochs=1)
    game.fit(points, verbose=0, callbacks=listed)
    listed = callbacks.CallbackList([callbacks.EarlyStopping()], model=game)
    with pytest.raises(UsageError, match="a game has no one loss"):
        game.fit(points, verbose=0, callbacks=listed)
    assert seen == [0]


@works(
    "callbacks",
    "`TerminateOnNaN`",
    "Ends `fit` where anything that a round logs is not finite: a loss, a gradient's norm.",
)
def test_terminate_on_nan(eager, points):
    game = eager()
    kernel = game.discriminator.layers[0].kernel
    poison = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch == 1 and kernel.assign(kernel * np.nan)
    )
    fit(game, points[:5].repeat(4, axis=0), poison, callbacks.TerminateOnNaN(), epochs=3)
    assert int(game.rounds.numpy()) == 2


@works(
    "callbacks",
    "`SwapEMAWeights`",
    "Of players whose optimizer has `use_ema`: at the ends of epochs the weights are the averages.",
)
def test_swap_averages(eager, points):
    """Every batch has the average of momentum 1 be the weights after the first round."""
    kept = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=1.0)
    game, seen = eager(kept, keras.optimizers.SGD(0.1)), []
    look = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(game.generator.get_weights())
    )
    fit(game, points, callbacks.SwapEMAWeights(swap_on_epoch=True), look, epochs=3)
    seen.append(game.generator.get_weights())
    for weights in zip(*seen, strict=True):
        for one in weights[1:]:
            np.testing.assert_allclose(one, weights[0], atol=1e-6)


@refused(
    "callbacks",
    "`SwapEMAWeights` without averages",
    "There is nothing to swap with.",
    match="averages that no optimizer keeps",
)
def test_nothing_to_swap(eager, points):
    fit(eager(), points, callbacks.SwapEMAWeights())


@works(
    "callbacks",
    "`CSVLogger`, `History`, `LambdaCallback`, `ProgbarLogger`, `TensorBoard`",
    "As elsewhere.",
)
def test_what_only_logs(eager, points, tmp_path, capsys):
    seen = []
    attached = [
        callbacks.CSVLogger(str(tmp_path / "log.csv")),
        callbacks.History(),
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch)),
        callbacks.ProgbarLogger(),
        callbacks.TensorBoard(str(tmp_path / "board"), histogram_freq=1),
    ]
    history = fit(eager(), points, *attached)
    assert seen == [0, 1]
    with open(tmp_path / "log.csv") as file:
        assert [float(row["d_loss"]) for row in csv.DictReader(file)] == pytest.approx(
            history["d_loss"]
        )
    assert list((tmp_path / "board").rglob("events*"))


@works("callbacks", "`RemoteMonitor`", "As elsewhere.")
def test_remote_monitor(eager, points):
    pytest.importorskip("requests")
    told = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.append(json.loads(urllib.parse.parse_qs(body)["data"][0]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fit(eager(), points, callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
    assert [row["epoch"] for row in told] == [0, 1]
    assert "d_loss" in told[0]


@works(
    "callbacks",
    "`self.model.optimizer` in a callback of one's own",
    "All players' optimizers as one: `learning_rate` may be assigned, `optimizers` holds each.",
)
def test_the_optimizer_of_the_model(eager, points):
    class Warmup(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.25 * (epoch + 1)

    game = eager()
    fit(game, points, Warmup())
    assert rates(game) == [0.5, 0.5]
    assert float(game.optimizer.learning_rate) == 0.5
    game.generator_optimizer.learning_rate = 0.25
    with pytest.raises(UsageError, match=r"no one learning rate: generator 0\.25, discriminator"):
        game.optimizer.learning_rate
    with pytest.raises(AttributeError):
        game.optimizer.rate = 1.0


@refused(
    "callbacks",
    "`for_player` of nobody",
    "It says whom there is.",
    match="is for 'teacher', which has no optimizer",
)
def test_for_nobody(eager, points):
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(eager(), points, for_player(halve, "teacher"))
