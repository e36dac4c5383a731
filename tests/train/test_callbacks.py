"""Keras's own callbacks in runs: they work, are resumed to the bit, or are refused by name."""

import csv

import keras
import pytest

import advnets
from advnets.errors import UsageError
from advnets.observe.callbacks import KerasMoments

pytestmark = pytest.mark.usefixtures("without_reports")

PLUGIN = """
import pathlib
import keras
from keras import callbacks as keras_callbacks
from advnets import Component, hookimpl
from advnets.evaluate import Score
from advnets.game import for_player

seen = []

def worse(context):
    return [Score("worse", float(context.step), None, {"better": "lower"})]

def fading():
    return keras_callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)

def plateau():
    return for_player(
        keras_callbacks.ReduceLROnPlateau("d_loss", patience=1, min_delta=1e9), "discriminator"
    )

def early(monitor="worse", patience=1):
    return keras_callbacks.EarlyStopping(monitor, patience=patience)

def validated():
    return early("val_loss")

def undirected():
    return early("d_real")

def told():
    return keras_callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch),
        on_epoch_end=lambda epoch, logs: seen.append(dict(logs)),
    )

def csv():
    return keras_callbacks.CSVLogger("log.csv")

def weights():
    return keras_callbacks.ModelCheckpoint("{epoch}.weights.h5", save_weights_only=True)

def best():
    return keras_callbacks.ModelCheckpoint(
        "best.weights.h5", "worse", save_best_only=True, save_weights_only=True
    )

def history():
    return keras_callbacks.History()

def bar():
    return keras_callbacks.ProgbarLogger()

def board():
    return keras_callbacks.TensorBoard("board")

def backup():
    return keras_callbacks.BackupAndRestore("backup")

def swap():
    return keras_callbacks.SwapEMAWeights()

def nan():
    return keras_callbacks.TerminateOnNaN()

CHANGING = ("fading", "plateau", "early", "validated", "undirected", "swap", "nan")
WATCHING = ("told", "csv", "weights", "best", "history", "bar", "board", "backup")

@hookimpl
def advnets_callbacks():
    return [
        Component(name, f"{__name__}:{name}", changes_game=name in CHANGING)
        for name in CHANGING + WATCHING
    ]

@hookimpl
def advnets_metrics():
    return [Component("worse", __name__ + ":worse")]
"""
SGD = {"name": "sgd", "learning_rate": 0.125}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "test_callbacks_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture
def play(small, plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    # An epoch has 7 rounds: 1,437 digits in batches of 200.
    def run(folder, steps, *callbacks, **settings):
        return advnets.run(
            small(
                training={"steps": steps, "batch_size": 200},
                optimizers={"generator": SGD, "discriminator": SGD},
            ),
            {
                "monitoring.callbacks": list(callbacks),
                "monitoring.image_every": 0,
                **settings,
            },
            run_dir=tmp_path / folder,
            plugins=[plugin],
        )

    return run


def rates(run):
    return [
        float(run.game.optimizers[name].learning_rate) for name in ("generator", "discriminator")
    ]


def test_learning_rates_change_for_both_players_or_for_one_and_are_resumed(play, measured):
    """At the start and after each of two epochs all rates are halved; the plateau, seen at the
    ends of both (nothing betters by 10⁹ but the first), takes D's to a tenth once.
    """
    callbacks = ("fading", "plateau")
    whole = play("whole", 17, *callbacks)
    assert rates(whole) == pytest.approx([0.125 / 8, 0.125 / 8 / 10])
    play("parts", 9, *callbacks, **{"monitoring.log_every": 4})
    with measured.timed("rates_by_callbacks", True):
        parts = play("parts", 17, *callbacks, **{"monitoring.log_every": 3})
    assert parts.manifest["state_sha256"] == whole.manifest["state_sha256"]
    # Where a session ends with an epoch, the next one begins in the next session.
    play("even", 14, *callbacks)
    even = play("even", 17, *callbacks)
    assert even.manifest["state_sha256"] == whole.manifest["state_sha256"]


def test_a_score_ends_a_run_that_is_finished_then(play, caplog):
    """The score is 3 after round 3, and only rises: the second is the first that is no better."""
    caplog.set_level("INFO", "advnets")
    settings = {"evaluation.metrics": ["worse"], "evaluation.every": 3}
    run = play("run", 40, "early", **settings)
    said = "EarlyStopping, which monitors worse, ended the run after round 14"
    assert (run.manifest["status"], run.manifest["step"]) == ("finished", 14)
    assert run.manifest["ended_by"] == said
    assert said in caplog.text
    assert run.manifest["scores"][-1]["value"] == 14  # what comes out is scored
    caplog.clear()
    again = play("run", 40, "early", **settings)
    assert f"This run is finished: {said}" in caplog.text
    assert again.manifest["step"] == 14


def test_callbacks_that_watch_are_told_of_epochs_and_scores(play, tmp_path, plugin):
    import test_callbacks_plugin

    settings = {"evaluation.metrics": ["worse"], "evaluation.every": 7, "monitoring.log_every": 5}
    names = ("told", "csv", "weights", "best", "history", "bar", "board")
    test_callbacks_plugin.seen.clear()
    run = play("run", 14, *names, **settings)
    assert "switched_off" not in run.manifest or not run.manifest["switched_off"]
    seen = test_callbacks_plugin.seen
    assert [each for each in seen if isinstance(each, int)] == list(range(14))
    first, second = (each for each in seen if isinstance(each, dict))
    assert (first["worse"], second["worse"]) == (7, 14)
    # An epoch's value is the mean over its rounds, not over those since the last logged line.
    logged = {row["step"]: row["value"] for row in run.metrics if "value" in row}
    assert sorted(logged) == [5, 10, 14]
    assert 7 * (first["value"] + second["value"]) == pytest.approx(
        5 * logged[5] + 5 * logged[10] + 4 * logged[14], rel=1e-5
    )
    assert {path.name for path in tmp_path.glob("*.weights.h5")} == {
        *("1.weights.h5", "2.weights.h5", "best.weights.h5")
    }
    assert list((tmp_path / "board").rglob("events*"))
    with open("log.csv", "a") as file:
        file.write("2,of a round that was played before a kill\n")
    play("run", 21, *names, **settings)
    with open("log.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        ("backup", "BackupAndRestore, which has no place in a run"),
        ("swap", "SwapEMAWeights, which has no place in a run"),
        ("nan", "TerminateOnNaN, which has no place in a run"),
        ("validated", "monitors 'val_loss', which this run does not"),
        ("undirected", "'d_real', of which nobody says whether higher"),
    ],
)
def test_what_would_do_nothing_in_a_run_is_refused_by_name(
    play, tmp_path, callback, message, measured
):
    with measured.timed("callback_without_effect"), pytest.raises(UsageError, match=message):
        play("run", 20, callback)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("append", [False, True])
def test_no_epoch_has_two_rows_where_a_game_goes_back(tmp_path, append):
    """Nor does what was in the file before, and is to be appended to, lose any."""
    log = tmp_path / "log.csv"
    log.write_text("epoch,d_loss,val_d_loss\n0,9.0,NA\n1,9.0,NA\n2,9.0,NA\n3,9.0,NA\n")
    model = type("Model", (), {"stop_training": False})()
    logger = keras.callbacks.CSVLogger(str(log), append=append)
    moments = KerasMoments([logger], 1)

    def play(first, last, loss):
        for epoch in range(first, last):
            moments.add({"d_loss": loss}, 1)
            moments.between_rounds(epoch + 1, False)

    moments.begin(model, 0)
    play(0, 2, 1.0)
    at_two = moments.kept()
    play(2, 4, 2.0)
    moments.go_back(2, at_two)
    play(2, 4, 3.0)
    moments.go_back(0, {})
    play(0, 3, 4.0)
    moments.end(3)
    with open(log) as file:
        rows = [(row["epoch"], row["d_loss"]) for row in csv.DictReader(file)]
    before = [(str(n), "9.0") for n in range(4)] * append
    assert rows == before + [(str(n), "4.0") for n in range(3)]


def test_what_a_callback_monitors_keeps_its_sign_when_a_run_is_resumed():
    """With min_delta 1 of values that fall by less, none betters the first, before and after."""
    model = type("Model", (), {"stop_training": False})()

    def epochs(first, last, kept=None):
        stopping = keras.callbacks.EarlyStopping("d_loss", min_delta=1.0, patience=9)
        moments = KerasMoments([stopping], 1, kept)
        moments.begin(model, first)
        for epoch in range(first, last):
            moments.add({"d_loss": 5.0 - 0.1 * epoch}, 1)
            moments.between_rounds(epoch + 1, False)
        return stopping.wait, moments.kept()

    assert epochs(0, 4)[0] == 3
    assert epochs(2, 4, epochs(0, 2)[1])[0] == 3
