"""A game whose numbers are no longer finite goes back, skips, or stops: as its recipe says."""

import json
import shutil

import numpy as np
import pytest
from measured import cost, lost

import advnets
from advnets.errors import RunError
from advnets.monitor.report.report import write_report

pytestmark = pytest.mark.usefixtures("without_reports")

PLUGIN = """
import keras
import numpy as np
import tensorflow as tf
from advnets import Component, hookimpl
from advnets.plugins.parameters import Parameters

class Rate(Parameters):
    rate: float = 0.0

class Poison(keras.callbacks.Callback):
    '''Makes a weight NaN after round 13, unless the learning rate is below `rate`.'''
    def __init__(self, rate):
        super().__init__()
        self.rate = rate
    def on_train_batch_end(self, batch, logs=None):
        fast = float(self.model.generator_optimizer.learning_rate) > self.rate
        if int(self.model.rounds.numpy()) == 13 and fast:
            kernel = self.model.discriminator.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan))

def csv():
    return keras.callbacks.CSVLogger("log.csv")

class Silence(keras.callbacks.Callback):
    '''Makes a bias before a ReLU -inf after round 12: no loss and no gradient tells of it.'''
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.rounds.numpy()) == 12:
            bias = self.model.generator.trainable_variables[1]
            bias.assign(np.r_[-np.inf, np.zeros(bias.shape[0] - 1)])

class Crash(keras.callbacks.Callback):
    '''Fails in round 18 of the first session.'''
    crashed = False
    changes_game = True  # else its failure would not end the run
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.rounds.numpy()) == 18 and not Crash.crashed:
            Crash.crashed = True
            raise RuntimeError("crashed")

class Loss:
    '''G's gradient is not finite in the rounds from `first` to `last`.'''
    def __new__(cls, first, last):
        from advnets.game import NonSaturating
        class Broken(NonSaturating):
            def __init__(self):
                super().__init__()
                self.rounds = tf.Variable(0, trainable=False)
            def generator(self, real, fake):
                broken = (self.rounds >= first) & (self.rounds < last)
                return super().generator(real, fake) * tf.where(broken, np.nan, 1.0)
            def update(self, real, fake):
                self.rounds.assign_add(1)
        return Broken()

class Backwards:
    '''The same, but what G minimises is finite all the time.'''
    def __new__(cls, first, last):
        from advnets.game import NonSaturating
        @tf.custom_gradient
        def scaled_on_the_way_back(values, factor):
            return values, lambda upstream: (upstream * factor, None)
        class Broken(type(Loss(first, last))):
            def generator(self, real, fake):
                broken = (self.rounds >= first) & (self.rounds < last)
                values = NonSaturating.generator(self, real, fake)
                return scaled_on_the_way_back(values, tf.where(broken, np.inf, 1.0))
        return Broken()

class Rounds(Parameters):
    first: int
    last: int

def one_point():
    from advnets.game import Gaussian
    class OnePoint(Gaussian):
        def sample(self, draw, stream, examples):
            return tf.zeros([examples, self.size])
    return OnePoint(8)

@hookimpl
def advnets_priors():
    return [Component("one_point", __name__ + ":one_point")]

@hookimpl
def advnets_losses():
    return [
        Component("broken", __name__ + ":Loss", parameters=Rounds),
        Component("broken_backwards", __name__ + ":Backwards", parameters=Rounds),
    ]

@hookimpl
def advnets_callbacks():
    poison = Component("poison", __name__ + ":Poison", parameters=Rate)
    silence = Component("silence", __name__ + ":Silence")
    csv = Component("csv", __name__ + ":csv")
    return [csv, poison, silence, Component("crash", __name__ + ":Crash", changes_game=True)]
"""

ADAM = {"name": "adam", "learning_rate": 0.01}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "recovery_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture
def play(small, plugin, tmp_path):
    def run(folder="run", callbacks=(), optimizer=None, **entries):
        recipe = small(**entries)
        recipe["monitoring"] = (
            {"image_every": 0} | recipe["monitoring"] | {"callbacks": list(callbacks)}
        )
        if optimizer is not None:
            recipe["optimizers"] = dict.fromkeys(("generator", "discriminator"), optimizer)
        return advnets.run(recipe, run_dir=tmp_path / folder, plugins=[plugin])

    return run


def steps(path):
    return [json.loads(line)["step"] for line in (path / "metrics.jsonl").read_text().splitlines()]


def test_a_weight_that_is_not_finite_stops_the_run_and_is_named(play, tmp_path):
    with pytest.raises(
        RunError, match="in round 14 d_loss, g_loss.* nor are generator/0000/kernel"
    ) as caught:
        play(callbacks=["poison"], health={"policy": "stop"})
    assert caught.value.exit_code == 1
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    (found,) = manifest["divergences"]
    assert (manifest["status"], manifest["step"]) == ("failed", 10)
    assert (found["step"], found["did"]) == (14, "stopped")
    assert "d_loss" in found["logged"]
    assert any(name.startswith("discriminator/0001") for name in found["variables"])


def test_nothing_of_the_course_that_was_given_up_is_kept(play):
    """An image and scores of round 12, seen before the rollback to round 10 after round 13."""
    rate = 0.05 / 1.01**14
    run = play(
        callbacks=[{"name": "poison", "rate": rate * 0.9}],
        monitoring={
            "log_every": 11,
            "image_every": 12,
            "samples": 4,
            "tensorboard": False,
            "figures": False,
        },
        checkpoints={"every": 10},
        evaluation={"every": 12, "metrics": [{"name": "parzen", "samples": 20}]},
        averaging={"decay": 0.9},
    )
    assert [d["back_to"] for d in run.manifest["divergences"]] == [10]
    rows = {row["step"]: row for row in run.metrics if "scores" not in row}
    assert "sample_spread" not in rows[11]
    assert "sample_spread" in rows[22]
    scored = {row["step"]: row["scores"]["parzen"] for row in run.metrics if "scores" in row}
    kept = [(s["protocol"]["step"], s["value"]) for s in run.manifest["scores"]]
    assert kept == list(scored.items())
    assert [step for step, _ in kept] == [12, 24, 30]
    assert all(np.isfinite(w).all() for w in run.averaged_generator.get_weights())


def test_a_file_of_epochs_has_each_once(play, tmp_path, monkeypatch):
    """Epochs have four rounds: that of rounds 9 to 12 is played twice."""
    monkeypatch.chdir(tmp_path)
    run = play(
        callbacks=["csv", {"name": "poison", "rate": 0.009}],
        optimizer=ADAM,
        training={"steps": 20, "batch_size": 300},
    )
    assert [d["back_to"] for d in run.manifest["divergences"]] == [10]
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3", "4"]


def test_a_gradient_that_is_not_finite_is_named_in_its_own_round(play, tmp_path, measured):
    # Round 13: one of those in which norms are not measured, and no boundary.
    loss = {"name": "broken_backwards", "first": 12, "last": 13}
    with pytest.raises(RunError, match="in round 13 the generator's gradient is not finite, nor"):
        play(loss=loss, health={"policy": "stop"})
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    (found,) = manifest["divergences"]
    assert (found["step"], found["logged"]) == (13, ["g_gradient_norm"])
    players = {name.partition("/")[0] for name in found["variables"]}
    assert players == {"generator", "generator_optimizer"}
    measured.booked("gradient_not_finite", None, manifest)


def test_a_weight_that_no_loss_tells_of_is_named_in_its_round(play, tmp_path, measured):
    with pytest.raises(RunError, match="after round 13 generator/0001/bias is not finite"):
        play(callbacks=["silence"], health={"policy": "stop"})
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    (found,) = manifest["divergences"]
    assert (found["step"], found["logged"]) == (13, [])
    assert found["variables"] == ["generator/0001/bias"]
    measured.booked("weight_not_finite", None, manifest)


@pytest.mark.parametrize("optimizer", [None, ADAM], ids=["schedule", "constant"])
def test_a_rollback_goes_on_more_slowly(play, measured, optimizer):
    rate = 0.05 / 1.01**14 if optimizer is None else 0.01
    run = play(callbacks=[{"name": "poison", "rate": rate * 0.9}], optimizer=optimizer)
    (found,) = run.manifest["divergences"]
    assert (found["did"], found["back_to"]) == ("rolled back", 10)
    assert run.manifest["status"] == "finished"
    assert steps(run.path) == [5, 10, 15, 20, 25, 30]
    rows = {row["step"]: row for row in run.metrics}
    schedule = 0.05 / 1.01**30 if optimizer is None else 0.01
    assert rows[30]["g_learning_rate"] == pytest.approx(schedule / 2, rel=1e-4)
    assert rows[10]["g_learning_rate"] == pytest.approx(
        rate * (1.01**4 if optimizer is None else 1)
    )
    assert run.manifest["sessions"]["steps_lost"] == 4
    time = run.manifest["time"]
    assert time["lost"] > 0
    assert time["total"] == pytest.approx(sum(time.values()) - time["total"])
    measured.booked("not_finite", True, run.manifest)


def test_a_rollback_survives_a_crash(play, measured, tmp_path):
    poison = {"name": "poison", "rate": 0.03}
    whole = play("whole", callbacks=[poison])
    with pytest.raises(Exception, match="crashed"):
        play("broken", callbacks=[poison, "crash"])
    failed = json.loads((tmp_path / "broken" / "manifest.json").read_text())
    shutil.copytree(tmp_path / "broken", tmp_path / "without")
    (tmp_path / "without" / "manifest.json").unlink()
    resumed = play("broken", callbacks=[poison, "crash"])
    without = play("without", callbacks=[poison, "crash"])
    assert without.manifest["divergences"] == whole.manifest["divergences"]
    assert without.manifest["state_sha256"] == whole.manifest["state_sha256"]
    assert resumed.manifest["divergences"] == whole.manifest["divergences"]
    assert resumed.manifest["state_sha256"] == whole.manifest["state_sha256"]
    steps, seconds = cost(failed, resumed.manifest)
    rollback_steps, rollback_seconds = lost(whole.manifest)
    seconds = max(0.0, seconds - rollback_seconds)
    measured("crash_after_a_rollback", True, steps - rollback_steps, seconds)
    steps, seconds = cost(failed, without.manifest)
    seconds = max(0.0, seconds - rollback_seconds)
    measured("manifest_lost_after_a_rollback", True, steps - rollback_steps, seconds)


def test_rollbacks_are_bounded_and_go_back_to_the_start_if_nothing_was_committed(
    play, tmp_path, measured
):
    entries = {"loss": {"name": "broken", "first": 2, "last": 100}}
    with pytest.raises(RunError, match="after 2 rollbacks: in round 3 .*g_loss") as caught:
        play(health={"rollbacks": 2}, **entries)
    assert "health.rollbacks" in caught.value.hint
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    found = manifest["divergences"]
    assert [entry["did"] for entry in found] == ["rolled back", "rolled back", "stopped"]
    assert [entry.get("back_to") for entry in found] == [0, 0, None]
    measured.booked("not_finite_again", False, manifest)


def test_skip_leaves_out_the_moves_that_would_break_the_game(play, measured):
    run = play(
        loss={"name": "broken", "first": 6, "last": 8},
        health={"policy": "skip"},
        averaging={"decay": 0.9},
    )
    rows = {row["step"]: row for row in run.metrics}
    assert rows[10]["g_skipped"] == pytest.approx(2 / 5)
    assert [rows[step]["g_skipped"] for step in (5, 15, 30)] == [0, 0, 0]
    assert np.isfinite([rows[10][key] for key in ("d_loss", "g_loss")]).all()
    for network in (run.generator, run.averaged_generator):
        assert all(np.isfinite(weight).all() for weight in network.get_weights())
    assert run.manifest["status"] == "finished"
    measured.booked("skipped_moves", True, run.manifest)


def test_skip_stops_when_nothing_moves_any_more(play, tmp_path, measured):
    with pytest.raises(
        RunError, match="generator's gradients were not finite in .* rounds in a row"
    ):
        play(
            loss={"name": "broken", "first": 6, "last": 10**6},
            health={"policy": "skip", "skips": 10},
        )
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    measured.booked("skipped_too_often", False, manifest)


def test_a_prior_that_repeats_itself_and_a_generator_that_collapsed_are_told(play, small, measured):
    """A prior of one point: what it draws is all the same, and so are the samples."""
    run = play(latent="one_point", monitoring=small()["monitoring"] | {"image_every": 5})
    assert run.manifest["noise"] == "all points of a batch are the same"
    rows = [row for row in run.metrics if row.get("sample_spread") is not None]
    assert [row["step"] for row in rows] == [5, 10, 15, 20, 25, 30]
    assert all(row["sample_duplicates"] == 1.0 for row in rows)
    report = write_report(run.folder).read_text()
    assert "the prior repeats itself" in report
    assert "have a twin: the generator has collapsed" in report
    measured.booked("collapse", None, run.manifest)
