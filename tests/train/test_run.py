"""A run through the Python interface: folder, manifest, figures, refusals, stand-ins."""

import json
import shutil
import time

import numpy as np
import pytest
from measured import lost

import advnets
from advnets.data import DataUnavailable
from advnets.errors import PluginError, RunError, UsageError
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

PLUGIN = """
import keras
import advnets
from advnets import Component, DatasetParameters, hookimpl
from advnets.data import DataUnavailable, Source, DataSpec

class Missing(Source):
    name = "missing"
    spec = DataSpec((8, 8, 1), "uint8", 0, 255, "image")
    splits = ("train",)
    def available(self):
        raise DataUnavailable("'missing' is neither on disk nor downloadable.", hint="bring it")
    def read(self, split):
        raise AssertionError("an unavailable data set was read")

class Exploding:
    def __new__(cls):
        from advnets.game import Minimax
        class Loss(Minimax):
            def generator(self, real, fake):
                return fake.logits * float("inf")
        return Loss()

class Stopper(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch >= 6:
            self.model.stop_training = True

class Seen(keras.callbacks.Callback):
    log = []
    def on_train_begin(self, logs=None):
        self.log.append("begin")
    def on_epoch_end(self, epoch, logs=None):
        self.log.append(("epoch", epoch, sorted(logs)[0], int(self.model.rounds.numpy())))
    def on_train_end(self, logs=None):
        self.log.append("end")

def wrong(context):
    return 7

@hookimpl
def advnets_datasets():
    return [Component("missing", __name__ + ":Missing", parameters=DatasetParameters)]

@hookimpl
def advnets_losses():
    return [Component("exploding", __name__ + ":Exploding")]

@hookimpl
def advnets_callbacks():
    return [Component("seen", __name__ + ":Seen"), Component("stopper", __name__ + ":Stopper")]

@hookimpl
def advnets_architectures():
    return [Component("wrong", __name__ + ":wrong")]
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "test_run_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture(scope="module")
def played(tmp_path_factory, small):
    """The folder of a small finished run; do not write to it."""
    path = tmp_path_factory.mktemp("played") / "run"
    advnets.run(small(), run_dir=path)
    return path


@pytest.fixture
def finished(played, tmp_path):
    """A copy of it."""
    return advnets.open_run(shutil.copytree(played, tmp_path / "run"))


def test_a_finished_run(finished, small):
    assert finished.manifest["status"] == "finished"
    assert finished.manifest["step"] == 30
    assert len(finished.manifest["state_sha256"]) == 64
    assert finished.manifest["stand_in"] is None
    assert finished.manifest["data"]["train"] == 1437
    assert set(finished.manifest["time"]) == {
        *("total", "starting", "training", "saving", "evaluation", "monitoring", "lost")
    }
    assert [r["step"] for r in finished.metrics] == [5, 10, 15, 20, 25, 30]
    record = finished.metrics[-1]
    assert {"d_loss", "g_loss", "value", "d_real", "d_fake", "steps_per_second"} < set(record)
    # The decay of 1 % per round, of the coming update: round 30.
    assert record["d_learning_rate"] == pytest.approx(0.05 / 1.01**30, rel=1e-5)
    names = [f"step-{step:08d}.png" for step in (0, 10, 20, 30)]
    assert sorted(p.name for p in finished.folder.samples.iterdir()) == names
    assert finished.folder.report_file.exists()
    for name in ("recipe.yaml", "manifest.json", "metrics.jsonl"):
        assert (finished.path / name).exists()

    samples, told = finished.sample(5, seed=1)
    assert samples.shape == (5, 8, 8, 1)
    assert 0 <= samples.min()
    assert 1 < samples.max() <= finished.source.spec.high  # the data's own range, not [0, 1]
    assert told["latent"].shape == (5, 8)
    again, _ = advnets.open_run(finished.path).sample(5, seed=1)
    np.testing.assert_array_equal(samples, again)
    lines, _ = finished.sample(20, interpolate=True)
    assert lines.shape == (20, 8, 8, 1)

    # The same command again: the run is finished, and stays as it is.
    before = (finished.path / "metrics.jsonl").read_text()
    same = advnets.run(small(), run_dir=finished.path)
    assert same.manifest["state_sha256"] == finished.manifest["state_sha256"]
    assert (finished.path / "metrics.jsonl").read_text() == before


def test_another_recipe_in_the_folder_is_refused_with_the_difference(finished, small, measured):
    before = lost(finished.manifest)[0]
    began = time.perf_counter()
    with pytest.raises(UsageError, match="seed"):
        advnets.run(small(), {"seed": 4}, run_dir=finished.path)
    seconds = time.perf_counter() - began
    after = advnets.open_run(finished.path).manifest
    measured("another_recipe", None, lost(after)[0] - before, seconds)


def test_a_damaged_newest_checkpoint_costs_only_itself(finished, small):
    checkpoints = sorted(finished.folder.checkpoints.glob("step-*"))
    next(checkpoints[-1].glob("state.data*")).write_bytes(b"torn")
    again = advnets.run(small(), run_dir=finished.path)
    assert again.manifest["state_sha256"] == finished.manifest["state_sha256"]
    assert [r["step"] for r in again.metrics] == [5, 10, 15, 20, 25, 30]


def test_if_all_checkpoints_are_damaged_nothing_is_lost(finished, small, measured):
    for checkpoint in finished.folder.checkpoints.glob("step-*"):
        next(checkpoint.glob("state.data*")).write_bytes(b"torn")
    before = {p: p.read_bytes() for p in finished.path.rglob("*") if p.is_file()}
    began = time.perf_counter()
    with pytest.raises(RunError, match=r"at step 30, but none of its checkpoints verifies"):
        advnets.run(small(), {"training.steps": 40}, run_dir=finished.path)
    seconds = time.perf_counter() - began
    with pytest.raises(RunError, match="no checkpoint verifies: step 30"):
        advnets.open_run(finished.path).sample(1)
    after = {p: p.read_bytes() for p in finished.path.rglob("*") if p.is_file()}
    assert {p.name for p in before.keys() ^ after.keys()} <= {".lock", "lock.json"}
    assert all(after[p] == content for p, content in before.items() if p in after)
    spent = finished.manifest["time"]["total"]
    measured("all_checkpoints_damaged", False, finished.manifest["step"], spent + seconds)


def test_fewer_steps_than_were_played_change_nothing(finished, small, caplog):
    caplog.set_level("INFO", "advnets")
    before = finished.folder.recipe_file.read_text()
    advnets.run(small(), {"training.steps": 10}, run_dir=finished.path)
    assert finished.folder.recipe_file.read_text() == before
    assert "it is at step 30, and 10 are asked for" in caplog.text


def test_changed_data_are_refused(small, tmp_path, measured):
    data = tmp_path / "data.npz"
    recipe = small(
        dataset={"name": "npz", "path": str(data)}, latent={"name": "uniform", "size": 2}
    )
    np.savez(data, train=np.zeros([60, 3], "float32"))
    advnets.run(recipe, {"training.steps": 2}, run_dir=tmp_path / "run")
    np.savez(data, train=np.ones([60, 3], "float32"))
    began = time.perf_counter()
    with pytest.raises(UsageError, match="training data have changed since the run began"):
        advnets.run(recipe, {"training.steps": 4}, run_dir=tmp_path / "run")
    seconds = time.perf_counter() - began
    np.savez(data, train=np.zeros([60, 3], "float32"))
    again = advnets.run(recipe, {"training.steps": 4}, run_dir=tmp_path / "run")
    assert again.manifest["status"] == "finished"
    measured("changed_data", True, lost(again.manifest)[0], seconds)


def test_a_discriminator_with_a_sigmoid_is_refused(small, tmp_path):
    with pytest.raises(UsageError, match="taken as the logit"):
        advnets.run(
            small(), {"discriminator.output.activation": "sigmoid"}, run_dir=tmp_path / "run"
        )


def test_equal_recipes_are_equal_runs_whatever_the_cadence(finished, small, tmp_path):
    other = advnets.run(
        small(), {"monitoring.log_every": 7, "checkpoints.every": 17}, run_dir=tmp_path / "other"
    )
    assert other.manifest["state_sha256"] == finished.manifest["state_sha256"]


def test_the_stand_in_is_used_marked_and_has_an_identity_of_its_own(
    small, tmp_path, plugin, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    recipe = small(dataset={"name": "missing", "offline": {"name": "digits"}})
    run = advnets.run(recipe, plugins=[plugin])
    stand_in = run.manifest["stand_in"]
    assert stand_in["for"]["name"] == "missing"
    assert stand_in["used"]["name"] == "digits"
    assert "STAND-IN" in caplog.text
    assert "missing" in run.folder.report_file.read_text()
    direct = load_recipe(recipe, registry=load_plugins([plugin]))
    assert run.path.name == f"small-{direct.stand_in().identity()}"
    assert direct.identity() != direct.stand_in().identity()


def test_missing_data_without_a_stand_in(small, plugin, tmp_path):
    with pytest.raises(DataUnavailable, match="neither on disk nor downloadable") as caught:
        advnets.run(small(dataset="missing"), run_dir=tmp_path / "run", plugins=[plugin])
    assert caught.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_divergence_fails_the_run_and_keeps_the_evidence(small, plugin, tmp_path):
    with pytest.raises(RunError, match="after 3 rollbacks: in round 1 .*g_loss.* not finite"):
        advnets.run(small(loss="exploding"), run_dir=tmp_path / "run", plugins=[plugin])
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert "diverged" in manifest["error"]
    assert not list((tmp_path / "run" / "checkpoints").glob("step-*"))


def test_a_component_that_builds_nonsense_is_named(small, plugin, tmp_path):
    with pytest.raises(PluginError, match="'wrong' .* returned int, not a Model"):
        advnets.run(small(generator="wrong"), run_dir=tmp_path / "run", plugins=[plugin])


def test_keras_callbacks_watch_a_run(small, plugin, tmp_path):
    advnets.run(
        small(monitoring={"callbacks": ["seen"], "tensorboard": False, "figures": False}),
        run_dir=tmp_path / "run",
        plugins=[plugin],
    )
    import test_run_plugin

    # 1,437 digits in batches of 50: an epoch of 28 rounds.
    assert test_run_plugin.Seen.log == ["begin", ("epoch", 0, "d_accuracy_fake", 28), "end"]


def test_a_callback_can_stop_a_run(small, plugin, tmp_path):
    run = advnets.run(
        small(monitoring={"callbacks": ["stopper"], "tensorboard": False, "figures": False}),
        run_dir=tmp_path / "run",
        plugins=[plugin],
    )
    assert run.manifest["status"] == "finished"
    assert run.manifest["ended_by"] == "Stopper ended the run after round 7"
    assert run.manifest["step"] == 7  # a callback on batches sees every round
    assert run.metrics[-1]["step"] == 7


def test_a_batch_larger_than_the_data_is_refused(small, tmp_path):
    with pytest.raises(advnets.DataError, match="fewer than one batch"):
        advnets.run(small(), {"training.batch_size": 2000}, run_dir=tmp_path / "run")


def test_evaluate(finished, small):
    run = finished
    recipe_metric = {"metrics": [{"name": "parzen", "samples": 200}]}
    (score,) = run.evaluate(["parzen"])
    assert score.metric == "parzen"
    assert np.isfinite(score.value)
    declared = advnets.run(small(evaluation=recipe_metric), run_dir=run.path)
    (fewer,) = declared.evaluate()
    assert fewer.protocol["samples"] == 200


def test_a_game_on_the_line_shows_what_d_believes(tmp_path, monkeypatch):
    drawn = []

    def save_grid(path, x, spec, **beneath):
        points = np.linspace(3, 5, 7, dtype="float32")[:, None]
        drawn.append((beneath["probability"](points), beneath["density"](points)))

    monkeypatch.setattr("advnets.observe.sample_grids.save_grid", save_grid)
    run = advnets.run("gaussian_1d", {"training.steps": 1}, run_dir=tmp_path / "run")
    believed, density = drawn[-1]
    points = np.linspace(3, 5, 7, dtype="float32")[:, None]
    logits = run.discriminator(points).numpy().ravel()
    np.testing.assert_allclose(believed, 1 / (1 + np.exp(-logits)), rtol=1e-5)
    np.testing.assert_allclose(density, run.source.density(points))
