"""What a run depends on is in its checkpoints too, compared wherever it is opened, and kept."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import games
import numpy as np
import pytest
from click.testing import CliRunner, Result

import advnets
from advnets.cli.main import cli
from advnets.errors import RunError, UsageError
from advnets.runs import RunFolder
from advnets.runs.index import read_index, write_extras

TINY: dict[str, Any] = games.TINY | {
    "seed": 3,
    "dataset": {"name": "gaussian_1d", "mean": 4, "deviation": 0.5, "examples": 1000},
}


def command(*words: Any) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 rounds, with checkpoints of 10 and 20; only to be copied."""
    return advnets.run(TINY, run_dir=tmp_path_factory.mktemp("record") / "run").path


@pytest.fixture
def run(original: Path, tmp_path: Path) -> RunFolder:
    """A copy of the run."""
    return RunFolder(shutil.copytree(original, tmp_path / "run"))


def give_away(run: RunFolder, step: int, **entries: Any) -> None:
    """Make a checkpoint another run's."""
    folder = run.checkpoints / f"step-{step:08}"
    write_extras(folder, {"manifest": read_index(folder).extras["manifest"] | entries})


def test_a_checkpoint_of_another_run_is_set_aside_by_name(
    run: RunFolder, caplog: Any, measured: Any
) -> None:
    before = run.manifest.data
    give_away(run, 20, identity="deadbeef")
    assert (
        "that of step 20 cannot be used: it is another run's" in command("doctor", run.path).output
    )
    assert advnets.open_run(run.path).commit.step == 10
    said = f"it is another run's: identity deadbeef, not {before['identity']}"
    assert f"the checkpoint of step 20 is left out: {said}" in caplog.text
    with pytest.raises(RunError, match="it is another run's"):
        _ = advnets.open_run(run.path, checkpoint=20).commit
    with measured.timed("another_runs_checkpoint", True):
        again = command("run", run.path)
    assert again.exit_code == 0
    assert f"moved aside: step 20: {said}" in again.stderr
    assert (run.checkpoints / "quarantined-step-00000020").is_dir()
    assert run.manifest["state_sha256"] == before["state_sha256"]
    give_away(run, 20, initial_state_sha256="0" * 64)
    give_away(run, 10, data={"fingerprint": "1" * 64})
    with measured.timed("all_of_another_run"):
        refused = command("run", run.path, "training.steps=40")
    assert refused.exit_code == 1
    assert (
        "step 20: it is another run's: a first state with the hash 000000000000" in refused.stderr
    )
    assert "step 10: it is another run's: data with the fingerprint 111111111111" in refused.stderr
    give_away(run, 10, changes=[{"key": 1}])
    assert "what it carries of the manifest is damaged" in command("doctor", run.path).output
    assert {path.name for path in run.checkpoints.glob("step-*")} == {
        "step-00000010",
        "step-00000020",
    }


@pytest.mark.parametrize("how", ["damaged", "deleted", "emptied"])
def test_a_lost_manifest_is_made_anew_from_the_checkpoints(
    run: RunFolder, how: str, caplog: pytest.LogCaptureFixture, measured: Any
) -> None:
    before = run.manifest.data
    run.manifest_file.unlink()
    if how != "deleted":
        run.manifest_file.write_bytes(b"\0" * 100 if how == "damaged" else b"{}")
    kept = advnets.open_run(run.path).manifest  # what only looks writes nothing
    assert run.manifest_file.exists() is (how != "deleted")
    for key in ("identity", "recipe", "data", "sampling", "played_with", "initial_state_sha256"):
        assert kept[key] == before[key]
    assert (kept["step"], kept["status"]) == (20, "interrupted")
    assert "is taken from the newest checkpoint" in command("doctor", run.path).output
    with measured.timed("manifest_lost", True):
        again = command("run", run.path)
    assert again.exit_code == 0
    assert "written anew from the checkpoint of step 20" in caplog.text + again.stderr
    written = json.loads(run.manifest_file.read_text())
    assert (written["started"], written["status"]) == (before["started"], "finished")
    assert run.damaged_file.exists() is (how != "deleted")


def test_an_older_copy_of_the_manifest_forgets_nothing(
    run: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    slower = {"step": 23, "did": "rolled back", "back_to": 20, "learning_rate_factor": 0.5}
    give_away(run, 20, divergences=[slower])
    old = run.manifest.data
    del old["data"]
    run.manifest_file.write_text(json.dumps(old))
    again = advnets.run(run.path, ["training.steps=30"])
    said = "the manifest has lost data, divergences; taken from the checkpoint of step 20"
    assert said in caplog.text
    assert again.manifest["divergences"] == [slower]
    assert again.metrics[-1]["d_learning_rate"] == pytest.approx(0.5 * 1e-3)
    other = {"dataset.deviation": 0.6, "training.steps": 40}  # the guard is there, too
    with pytest.raises(UsageError):
        advnets.run(run.path, other)


def test_a_run_of_which_only_its_lines_are_left_is_not_begun_anew(run: RunFolder) -> None:
    shutil.rmtree(run.checkpoints)
    run.manifest_file.unlink()
    lines = run.metrics_file.read_bytes()
    with pytest.raises(RunError, match="at step 20, but it has neither a manifest nor a check"):
        advnets.run(TINY, run_dir=run.path)
    assert run.metrics_file.read_bytes() == lines
    run.metrics_file.unlink()
    assert advnets.run(TINY, {"training.steps": 1}, run_dir=run.path).manifest["step"] == 1


def test_a_lost_recipe_is_read_from_the_manifest(
    run: RunFolder, tmp_path: Path, measured: Any
) -> None:
    """By whoever reads; whoever plays writes it anew."""
    text = run.recipe_file.read_text()
    run.recipe_file.unlink()
    (run.path / "a folder of somebody's").mkdir()
    out = tmp_path / "x.npz"
    assert command("sample", run.path, "-n", 2, "--out", out).exit_code == 0
    assert advnets.open_run(run.path).recipe.settings.seed == 3
    assert not run.recipe_file.exists()
    assert "there is none; the manifest has it" in command("doctor", run.path).output
    with measured.timed("recipe_lost", True):
        again = command("run", run.path, "checkpoints.every=5")
    assert again.exit_code == 0, again.stderr
    assert run.recipe_file.read_text() == text.replace("every: 10, keep", "every: 5, keep")


def test_lost_metrics_are_told(run: RunFolder, measured: Any) -> None:
    run.metrics_file.unlink()
    with measured.timed("metrics_lost"):
        again = command("run", run.path, "training.steps=30")
    assert again.exit_code == 0
    assert "metrics.jsonl has no lines of the 20 rounds before" in " ".join(again.stderr.split())
    assert [record["step"] for record in run.metrics.read()] == [30]


def test_a_manifest_of_another_run_is_noticed(run: RunFolder, measured: Any) -> None:
    ours = run.manifest.data
    run.manifest.update(identity="deadbeef", recipe={**ours["recipe"], "seed": 4})
    with pytest.raises(UsageError, match=r"recipe.yaml has been edited(.|\n)*seed: 4 → 3"):
        advnets.open_run(run.path)
    run.recipe_file.write_text(run.recipe_file.read_text().replace("seed: 3", "seed: 4"))
    with pytest.raises(RunError, match="it is another run's"):
        _ = advnets.open_run(run.path).commit
    with measured.timed("manifest_of_another_run"):
        refused = command("run", run.path, "training.steps=40")
    assert refused.exit_code == 1
    assert "it is another run's" in refused.stderr


def test_the_checkpoints_of_several_runs_make_no_manifest(run: RunFolder, measured: Any) -> None:
    ours = run.manifest.data
    give_away(run, 20, identity="deadbeef", recipe={**ours["recipe"], "seed": 4})
    run.manifest_file.unlink()
    assert run.manifest["identity"] == ours["identity"]  # recipe.yaml tells which are the run's
    run.recipe_file.unlink()
    with (
        measured.timed("several_runs_and_no_manifest"),
        pytest.raises(RunError, match="the checkpoints are of several runs: step 20: deadbeef"),
    ):
        _ = run.manifest.data


def test_an_edited_recipe_is_as_good_as_an_override(run: RunFolder, measured: Any) -> None:
    before, text = run.manifest.data, run.recipe_file.read_text()
    edited = text.replace("seed: 3", "seed: 77").replace("batch_size: 16", "batch_size: 32")
    run.recipe_file.write_text(edited)
    with measured.timed("edited_recipe"):
        said = {
            "run": command("run", run.path, "training.steps=30").stderr,
            "sample": command("sample", run.path, "--out", run.path / "x.npz").stderr,
            "doctor": command("doctor", run.path).output,
        }
    for which, told in said.items():
        assert "recipe.yaml has been edited since the run began" in told, which
        assert "seed: 3 → 77" in told
        assert "training.batch_size: 16 → 32" in told
    assert run.manifest.data == before
    assert run.recipe_file.read_text() == edited
    run.recipe_file.write_text(text.replace("steps: 20", "steps: 30"))  # no part of what it is
    assert advnets.open_run(run.path).recipe.settings.training.steps == 30


@pytest.mark.slow
def test_a_path_that_tensorflow_takes_for_a_pattern(
    original: Path, tmp_path: Path, measured: Any
) -> None:
    path = tmp_path / r"a[1]\b*" / "run?"
    advnets.run(TINY, {"training.steps": 10}, path)
    with measured.timed("pattern_path", True):
        again = advnets.run(path, {"training.steps": 20})
    assert again.manifest["state_sha256"] == RunFolder(original).manifest["state_sha256"]
    assert again.sample(2)[0].shape == (2, 1)
    assert "numbers in" in command("doctor", path).output


def test_a_path_that_is_no_text_is_refused_before_the_first_round(
    tmp_path: Path, measured: Any
) -> None:
    with (
        measured.timed("path_not_utf_8"),
        pytest.raises(UsageError, match="its name is not in UTF-8"),
    ):
        advnets.run(TINY, run_dir=tmp_path / "caf\udce9")
    assert not list(tmp_path.iterdir())


def test_data_may_be_moved_and_not_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Any
) -> None:
    monkeypatch.chdir(tmp_path)

    def write(path: str, seed: int) -> str:
        Path(path).parent.mkdir(exist_ok=True)
        drawn = np.random.default_rng(seed).normal(size=(200, 1)).astype("f4")
        np.savez(path, train=drawn, validation=drawn[:50])
        return path

    data = {"name": "npz", "path": write("A/d.npz", 1), "low": -6, "high": 6}
    first = advnets.run(TINY | {"dataset": data}, {"training.steps": 10})
    Path("B").mkdir()
    Path("A/d.npz").rename("B/d.npz")
    with measured.timed("moved_data", True):
        moved = command("run", first.path, "dataset.path=B/d.npz", "training.steps=20")
    assert moved.exit_code == 0, moved.stderr
    assert "resuming from step 10" in moved.stderr
    assert first.manifest["step"] == 20
    assert "path: B/d.npz" in first.folder.recipe_file.read_text()
    write("C/d.npz", 2)
    text = first.folder.recipe_file.read_text()
    for steps in (20, 30):  # also of a finished run
        refused = command("run", first.path, "dataset.path=C/d.npz", f"training.steps={steps}")
        assert refused.exit_code == 2
        assert "the training data have changed since the run began" in refused.stderr
        assert first.folder.recipe_file.read_text() == text
    other = advnets.run(TINY | {"dataset": data | {"path": "C/d.npz"}}, {"training.steps": 10})
    assert other.path.name[:-4] == f"{first.path.name}-"
    assert other.manifest["data"]["fingerprint"].startswith(other.path.name[-4:])
    assert other.manifest["identity"] == first.manifest["identity"]
    again = advnets.run(TINY | {"dataset": data | {"path": "C/d.npz"}}, {"training.steps": 10})
    assert again.path == other.path
    Path("C/d.npz").replace("B/d.npz")  # exchanged: a metric of the held-out split says so, twice
    metric = {"name": "energy_distance", "samples": 50, "split": "validation"}
    for words in ([], ["--seed", 5]):
        measured = command("evaluate", first.path, "--metric", json.dumps(metric), *words)
        assert "measured on other data than the run's: train" in measured.stderr
    first.folder.manifest_file.unlink()  # the checkpoints know it too
    write("C/d.npz", 2)
    refused = command("run", first.path, "dataset.path=C/d.npz", "training.steps=30")
    assert "the training data have changed since the run began" in refused.stderr


def test_versions_that_have_changed_are_told_and_kept_on_record(
    run: RunFolder, caplog: pytest.LogCaptureFixture, measured: Any
) -> None:
    run.manifest.update(versions=run.manifest["versions"] | {"keras": "2.0"})
    with measured.timed("versions_changed"):
        again = command("run", run.path, "training.steps=30")
    assert again.exit_code == 0
    assert "keras: 2.0 → " in caplog.text + again.stderr
    assert "Rounds from 20 on are played with what is here now" in caplog.text + again.stderr


PLUGIN = """
from advnets import Component, hookimpl
@hookimpl
def advnets_losses():
    return [Component("mine", "{stem}:Mine", "a loss")]
from advnets.game import Loss
class Mine(Loss):
    requires = ("logits",)
    def discriminator(self, real, fake):
        import tensorflow as tf
        return {factor} * (tf.nn.softplus(-real.logits) + tf.nn.softplus(fake.logits))
    def generator(self, real, fake):
        import tensorflow as tf
        return tf.nn.softplus(-fake.logits)
"""


def test_a_plugin_that_has_changed_is_told_once_and_kept_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, measured: Any
) -> None:
    stem = "recorded_plugin"

    def play(steps: int, factor: float, place: str) -> advnets.Run:
        path = tmp_path / place / f"{stem}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(PLUGIN.format(stem=stem, factor=factor))
        monkeypatch.delitem(sys.modules, stem, raising=False)
        caplog.clear()
        overrides = {"training.steps": steps, "loss": "mine"}
        return advnets.run(TINY, overrides, tmp_path / "run", plugins=[str(path)])

    first = play(10, 1.0, "a").manifest["played_with"]
    assert [entry["from"] for entry in first] == [0]
    with measured.timed("plugin_changed"):
        run = play(20, 7.0, "b")
    second = run.manifest["played_with"]
    old, new = (entry["plugins"][stem] for entry in second)
    assert f"plugin {stem}: {old} → {new}: changed since" in caplog.text
    assert [entry["from"] for entry in second] == [0, 10]
    assert second[0] == first[0]
    assert second[1]["versions"]["tensorflow"]
    run.folder.manifest_file.unlink()
    assert run.manifest["played_with"] == second
    shown = command("doctor", run.path, "--plugin", tmp_path / "b" / f"{stem}.py").output
    assert f"rounds from 10 on: plugin {stem}: {old} → {new}" in shown
    monkeypatch.delitem(sys.modules, stem)
