"""`advnets doctor`: a sound installation and run, and runs that are ill."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from advnets.checkpoint.holding import unless_held
from advnets.cli.doctor import _weights
from advnets.cli.main import cli
from advnets.errors import UsageError
from advnets.runs import RunFolder
from advnets.runs.index import write_index


@pytest.fixture
def doctor(capsys):
    """Runs the command; returns its exit code and what it printed."""

    def run(*words):
        code = cli.main(["doctor", *map(str, words)], standalone_mode=False) or 0
        return code, capsys.readouterr().out

    return run


def test_the_installation(doctor):
    _, shown = doctor()
    for words in ("tensorflow: 2.", "keras: 3.", "devices: CPU", "plugins: ", "disk: "):
        assert words in shown, words


def test_a_quarantined_plugin_is_a_problem(doctor, tmp_path):
    (tmp_path / "ill_plugin.py").write_text("raise RuntimeError('born ill')\n")
    code, shown = doctor("--plugin", tmp_path / "ill_plugin.py")
    assert code == 1
    assert "ill_plugin" in shown
    assert "born ill" in shown


def test_a_sound_run(doctor, finished_run):
    code, shown = doctor(finished_run)
    assert code == 0, shown
    for words in (
        "recipe: valid; digits, identity ",
        "finished at step 60",
        "data: digits: images of 8×8×1, uint8 from 0 to 255, 0 to 255 brought to [0, 1] (unit)",
        "data: train: 1,437 examples (class 0: 139, 1: 154",
        "sound, the newest of step 60",
        "are finite",
        "No problems",
    ):
        assert words in shown, words


def test_a_killed_run_and_one_at_work(doctor, run_folder):
    folder = RunFolder.open(run_folder)
    folder.manifest.update(status="running")
    code, shown = doctor(run_folder)
    assert code == 1
    assert "it was killed" in shown
    with folder.lock():
        code, shown = doctor(run_folder)
    assert code == 0
    assert "ok       status: running at step 60, by process" in shown
    left = run_folder / ".lock.json"
    left.write_text('{"host": "elsewhere", "pid": 7, "since": "noon"}')  # for who resumes it
    doctor(run_folder)
    assert "elsewhere" in left.read_text()


def test_a_checkpoint_that_is_pruned_meanwhile(doctor, run_folder, monkeypatch):
    lstat = Path.lstat
    oldest = min((run_folder / "checkpoints").glob("step-*"))

    def pruned(path):
        if path.parent == oldest:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", pruned)
    code, shown = doctor(run_folder)
    assert code == 0
    assert "ok       disk: " in shown


def test_the_newest_checkpoint_is_held_while_it_is_looked_at(doctor, run_folder, monkeypatch):
    checkpoints = run_folder / "checkpoints"
    oldest, newest = min(checkpoints.glob("step-*")), checkpoints / "step-00000060"
    load = tf.train.load_checkpoint

    def meanwhile(path):
        """The run plays on: what may be pruned is."""
        for step in (oldest, newest):
            with unless_held(step) as free:
                if free:
                    shutil.rmtree(step)
        return load(path)

    monkeypatch.setattr(tf.train, "load_checkpoint", meanwhile)
    code, shown = doctor(run_folder)
    assert (code, oldest.exists()) == (0, False)
    assert "the newest of step 60" in shown
    assert "numbers in" in shown


def test_damaged_checkpoints(doctor, run_folder):
    newest = run_folder / "checkpoints" / "step-00000060"
    [data] = newest.glob("*.data-*")
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 0xFF
    data.write_bytes(content)
    code, shown = doctor(run_folder)
    assert code == 1
    assert "that of step 60 cannot be used: " in shown
    assert "the newest of step 40" in shown
    assert newest.is_dir()  # the doctor looks; it moves nothing


def test_a_diverged_run(doctor, run_folder):
    with (run_folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"step": 61, "d_loss": None, "g_loss": 0.7}) + "\n")
    code, shown = doctor(run_folder)
    assert code == 1
    assert "NaN: d_loss not finite from step 61" in shown


def test_weights_that_are_no_numbers(tmp_path):
    state = {"kernel": tf.Variable([1.0, np.nan]), "bias": tf.Variable([0.0])}
    tf.train.Checkpoint(state=state).write(str(tmp_path / "state"))
    [finding] = _weights(tmp_path / "state", 7)
    assert finding.level == "problem"
    assert "1 variables hold NaN or infinity at step 7, such as kernel" in finding.text


def test_a_stand_in_is_noted(doctor, run_folder):
    RunFolder.open(run_folder).manifest.update(
        stand_in={"for": {"name": "tfds", "id": "mnist"}, "used": {"name": "digits"}}
    )
    code, shown = doctor(run_folder)
    assert code == 0
    assert "played on digits instead of tfds mnist" in shown


def test_a_recipe_that_is_none(doctor, run_folder):
    text = (run_folder / "recipe.yaml").read_text()
    (run_folder / "recipe.yaml").write_text(text.replace("seed: 1", "seed: one") + "a: &x [b]\n")
    code, shown = doctor(run_folder)
    assert code == 1
    found = [line for line in shown.splitlines() if line.startswith("PROBLEM  recipe: ")]
    assert len(found) == 2
    assert "recipe.yaml:3:7: seed: expected an integer" in found[0]
    assert "anchors (&x) are not allowed" in found[1]
    (run_folder / "recipe.yaml").write_text(text.replace("seed: 1", "seed: 2"))
    code, shown = doctor(run_folder)
    assert code == 1
    assert "recipe.yaml has been edited since the run began" in shown
    assert "seed: 1 → 2" in shown


def test_a_hostile_folder(doctor, run_folder, tmp_path):
    """One line for each find, whatever lies there; what leads out is told, and not followed."""
    precious = tmp_path / "precious"
    precious.mkdir()
    for name in ("checkpoints", "samples"):
        shutil.rmtree(run_folder / name)
        (run_folder / name).symlink_to(precious)
    (run_folder / "pipe").unlink(missing_ok=True)
    os.mkfifo(run_folder / "pipe")
    (run_folder / "manifest.json").write_text("[" * 100_000)
    (run_folder / "metrics.jsonl").write_text('{"step": 1, "d_loss": "\\u001b[31m"}\n' * 20)
    (run_folder / "recipe.yaml").write_bytes(b"\xff\x1b[31m")
    code, shown = doctor(run_folder)
    assert code == 1
    lines = [line for line in shown.splitlines() if line.startswith("PROBLEM")]
    starts = ("checkpoints is a link", "samples is a link", "pipe is neither")
    for words in (
        *(f"folder: {words}" for words in starts),
        "recipe: ",
        "manifest.json: ",
        "NaN: ",
    ):
        assert sum(line.startswith(f"PROBLEM  {words}") for line in lines) == 1, (words, shown)
    assert f"{len(lines)} problems" in shown
    assert "\x1b" not in shown
    assert list(precious.iterdir()) == []


@pytest.mark.parametrize("name", ["state.index", "state.data-00000-of-00001", "checkpoint.json"])
def test_checkpoints_of_another_kind(doctor, run_folder, name):
    """Their index vouches for them, but they are none."""
    for step in (run_folder / "checkpoints").glob("step-*"):
        index = json.loads((step / "checkpoint.json").read_text())
        (step / name).write_bytes(b"nonsense" * 99)
        if name != "checkpoint.json":
            (step / "checkpoint.json").unlink()
            kept = {k: v for k, v in index.items() if k not in ("files", "sha256")}
            write_index(step, kept)
    code, shown = doctor(run_folder)
    assert code == 1
    assert "PROBLEM  checkpoints: " in shown


def test_a_folder_that_lost_its_recipe(doctor, run_folder):
    (run_folder / "recipe.yaml").unlink()
    code, shown = doctor(run_folder)
    assert code == 1
    assert "PROBLEM  recipe: there is none" in shown
    assert "sound, the newest of step 60" in shown


def test_no_run(doctor, tmp_path):
    with pytest.raises(UsageError, match="no run folder"):
        doctor(tmp_path / "nothing")
