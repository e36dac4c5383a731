"""What a run depends on is in its checkpoints too, compared wherever it is opened, and kept."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import advnets
from advnets.checkpoint import CheckpointStore
from advnets.cli.main import cli
from advnets.errors import RunError, UsageError
from advnets.runs import RunFolder

MLP = {"name": "mlp", "layers": [4], "activation": "leaky_relu"}
ADAM = {"name": "adam", "learning_rate": 1e-3}
TINY: dict[str, Any] = {
    "name": "tiny",
    "seed": 3,
    "dataset": {"name": "gaussian_1d", "mean": 4, "deviation": 0.5, "examples": 1000},
    "latent": {"name": "gaussian", "size": 1},
    "generator": MLP,
    "discriminator": MLP,
    "loss": "non_saturating",
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": 20, "batch_size": 16},
    "checkpoints": {"every": 10},
    "distribution": {"jit": "off"},
    "monitoring": {
        "log_every": 10,
        "image_every": 0,
        "samples": 4,
        "tensorboard": False,
        "figures": False,
    },
}


def command(*words: Any) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 rounds, with checkpoints of 10 and 20; only to be copied."""
    return advnets.run(TINY, run_dir=tmp_path_factory.mktemp("record") / "run").path


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with another seed, 10 rounds longer."""
    overrides = {"seed": 4, "training.steps": 30}
    return advnets.run(TINY, overrides, tmp_path_factory.mktemp("stranger") / "run").path


@pytest.fixture
def run(original: Path, tmp_path: Path) -> RunFolder:
    """A copy of the run."""
    return RunFolder(shutil.copytree(original, tmp_path / "run"))


@pytest.fixture
def resume(run: RunFolder) -> Callable[..., advnets.Run]:
    """Play on up to round 30, with overrides."""

    def resume(*overrides: str, **more: Any) -> advnets.Run:
        return advnets.run(run.path, ["training.steps=30", *overrides], **more)

    return resume


def test_a_checkpoint_of_another_run_is_set_aside_by_name(
    run: RunFolder, stranger: Path, resume: Callable[..., advnets.Run], caplog: Any
) -> None:
    name = "step-00000030"
    shutil.copytree(stranger / "checkpoints" / name, run.checkpoints / name)
    theirs = RunFolder(stranger).manifest["identity"]
    assert "another run's" in command("doctor", run.path).output
    opened = advnets.open_run(run.path)
    assert opened.commit.step == 20
    assert f"left out: it is another run's: identity {theirs}" in caplog.text
    with pytest.raises(RunError, match="it is another run's"):
        _ = advnets.open_run(run.path, checkpoint=30).commit
    again = resume("training.steps=40")
    assert (run.checkpoints / f"quarantined-{name}").is_dir()
    assert again.manifest["step"] == 40
    assert again.manifest["sessions"]["count"] == 2
    whole = advnets.run(TINY, {"training.steps": 40}, run.path.with_name("whole"))
    assert again.manifest["state_sha256"] == whole.manifest["state_sha256"]


@pytest.mark.parametrize("how", ["damaged", "deleted"])
def test_a_lost_manifest_is_made_anew_from_the_checkpoints(
    run: RunFolder, resume: Callable[..., advnets.Run], how: str
) -> None:
    before = run.manifest.data
    if how == "deleted":
        run.manifest_file.unlink()
    else:
        run.manifest_file.write_bytes(b"\0" * 100)
    kept = advnets.open_run(run.path).manifest  # what only looks writes nothing
    assert run.manifest_file.exists() is (how == "damaged")
    for key in ("identity", "recipe", "data", "sampling", "sittings", "initial_state_sha256"):
        assert kept[key] == before[key]
    assert (kept["step"], kept["status"]) == (20, "interrupted")
    assert "is taken from the newest checkpoint" in command("doctor", run.path).output
    resume()
    assert json.loads(run.manifest_file.read_text())["started"] == before["started"]
    assert run.manifest_file.with_name("manifest.json.damaged").exists() is (how == "damaged")


def test_the_data_are_guarded_without_a_manifest(tmp_path: Path) -> None:
    def write(seed: int) -> None:
        drawn = np.random.default_rng(seed).normal(size=(200, 1)).astype("f4")
        np.savez(tmp_path / "d.npz", train=drawn, validation=drawn[:50])

    write(1)
    data = {"name": "npz", "path": str(tmp_path / "d.npz"), "low": -6, "high": 6}
    run = advnets.run(TINY | {"dataset": data}, {"training.steps": 10}, tmp_path / "run")
    write(2)
    run.folder.manifest_file.unlink()
    with pytest.raises(UsageError, match="the training data have changed"):
        advnets.run(run.path, {"training.steps": 20})


def test_a_manifest_of_another_run_is_noticed(run: RunFolder, stranger: Path) -> None:
    shutil.copy(stranger / "manifest.json", run.manifest_file)
    with pytest.raises(UsageError, match=r"recipe.yaml has been edited(.|\n)*seed: 4 → 3"):
        advnets.open_run(run.path)
    shutil.copy(stranger / "recipe.yaml", run.recipe_file)
    with pytest.raises(RunError, match="it is another run's"):
        _ = advnets.open_run(run.path).commit
    refused = command("run", run.path, "training.steps=40")
    assert refused.exit_code == 1
    assert "it is another run's" in refused.stderr


def test_the_checkpoints_of_several_runs_make_no_manifest(run: RunFolder, stranger: Path) -> None:
    name = "step-00000030"
    shutil.copytree(stranger / "checkpoints" / name, run.checkpoints / name)
    identity = run.manifest["identity"]
    run.manifest_file.unlink()
    assert run.manifest["identity"] == identity  # recipe.yaml tells which are the run's
    run.recipe_file.unlink()
    with pytest.raises(RunError, match="the checkpoints are of several runs: step 30"):
        _ = run.manifest.data


def test_an_edited_recipe_is_as_good_as_an_override(run: RunFolder) -> None:
    before, text = run.manifest.data, run.recipe_file.read_text()
    edited = text.replace("seed: 3", "seed: 77").replace("batch_size: 16", "batch_size: 32")
    assert edited != text
    run.recipe_file.write_text(edited)
    said = {
        "run": command("run", run.path, "training.steps=30").stderr,
        "sample": command("sample", run.path, "--out", run.path / "x.npz").stderr,
        "doctor": command("doctor", run.path).output,
    }
    for which, text_ in said.items():
        assert "recipe.yaml has been edited since the run began" in text_, which
        assert "seed: 3 → 77" in text_
        assert "training.batch_size: 16 → 32" in text_
    assert run.manifest.data == before
    assert run.recipe_file.read_text() == edited
    run.recipe_file.write_text(text.replace("steps: 20", "steps: 30"))  # no part of what it is
    assert advnets.run(run.path).manifest["step"] == 30


def test_a_path_that_tensorflow_takes_for_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / r"a[1]\b*" / "run?"
    advnets.run(TINY, {"training.steps": 10}, path)
    again = advnets.run(path, {"training.steps": 20})
    whole = advnets.run(TINY, run_dir=tmp_path / "plain")
    assert again.manifest["state_sha256"] == whole.manifest["state_sha256"]
    assert again.sample(2)[0].shape == (2, 1)
    assert "numbers in" in command("doctor", path).output


def test_a_path_that_is_no_text_is_refused_before_the_first_round(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its name is not in UTF-8"):
        advnets.run(TINY, run_dir=tmp_path / "caf\udce9")
    assert not list(tmp_path.iterdir())


def test_what_is_being_read_is_not_pruned(run: RunFolder) -> None:
    opened = advnets.open_run(run.path, checkpoint=10)
    assert opened.commit.step == 10
    advnets.run(run.path, {"training.steps": 40, "checkpoints.keep": 1})
    assert CheckpointStore.of(run).steps() == [10, 40]
    assert opened.sample(2)[0].shape == (2, 1)
    del opened
    advnets.run(run.path, {"training.steps": 50, "checkpoints.keep": 1})
    assert CheckpointStore.of(run).steps() == [50]


def test_a_reader_looks_again_where_a_checkpoint_has_just_gone(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CheckpointStore.of(run)
    listed = store.steps

    def steps() -> list[int]:
        monkeypatch.setattr(store, "steps", listed)
        found = listed()
        shutil.rmtree(store.path(20))
        return found

    monkeypatch.setattr(store, "steps", steps)
    newest = store.newest(hold=True)
    assert newest is not None
    assert newest.step == 10
    assert not store.faults


def test_data_may_be_moved_and_not_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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

    first = play(10, 1.0, "a").manifest["sittings"]
    assert [entry["from"] for entry in first] == [0]
    play(20, 1.0, "b")  # elsewhere, and the same
    assert "changed since the run was last taken up" not in caplog.text
    second = play(30, 7.0, "a").manifest["sittings"]
    old, new = (entry["plugins"][stem] for entry in second)
    assert f"plugin {stem}: {old} → {new}: changed since" in caplog.text
    assert [entry["from"] for entry in second] == [0, 20]
    assert second[0] == first[0]
    assert second[1]["versions"]["tensorflow"]
    run = play(40, 7.0, "a")
    assert "changed since the run was last taken up" not in caplog.text
    assert run.manifest["sittings"] == second
    run.folder.manifest_file.unlink()
    assert run.manifest["sittings"] == second
    shown = command("doctor", run.path, "--plugin", tmp_path / "a" / f"{stem}.py").output
    assert f"rounds from 20 on: plugin {stem}: {old} → {new}" in shown
    monkeypatch.delitem(sys.modules, stem)
