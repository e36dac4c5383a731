"""SIGKILL at any moment costs time, never a bit. `make faults` does this a hundred times."""

from __future__ import annotations

import json
import shutil

import pytest
from games import GAMES, game
from measured import starting

import advnets
from advnets.checkpoint import CheckpointStore
from advnets.distribute.launcher import worker_command
from advnets.verify.kills import AFTER_A_COMMIT, Pace, Subject
from advnets.verify.same_run import differences

KILLS = 3
QUICK = {"training.steps": 1500, "checkpoints.every": 100, "monitoring.image_every": 95}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """The cheapest game, as a file."""
    path = tmp_path_factory.mktemp("recipe") / "gaussian_1d.yaml"
    path.write_text(json.dumps(game("gaussian_1d")))
    return path


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """The run that nobody disturbed."""
    return advnets.run(recipe, QUICK, run_dir=tmp_path_factory.mktemp("whole") / "run")


def booked(folder):
    """What the newest checkpoint, if there is one, books."""
    newest = CheckpointStore(folder / "checkpoints").newest()
    return newest.extras if newest else {}


def test_killed_and_rerun_it_is_the_same_run(recipe, whole, tmp_path, measured):
    folder = tmp_path / "run"
    overrides = [f"{key}={value}" for key, value in QUICK.items()]
    words = ["run", "--run-dir", str(folder), "--", str(recipe), *overrides]
    subject = Subject(worker_command(words), folder, tmp_path / "log")
    pace = Pace(starting=5.0, playing=whole.manifest["time"]["training"])
    # With this seed: while playing, inside a save, while playing, for certain after a commit
    # if the machine was so slow to commit that there was none before.
    kills, books = [], []
    for kill in subject.play_killed(KILLS, seed=7, pace=pace):
        kills.append(kill)
        books.append(booked(folder))
    first, second, third = (kill.aimed for kill in kills)
    assert (first, second) == ("playing", "saving")
    assert third == ("playing" if any(kill.kept for kill in kills[:2]) else AFTER_A_COMMIT)
    assert kills[2].kept > 0
    assert differences(whole.path, folder) == []
    manifest = json.loads((folder / "manifest.json").read_text())
    # One that is killed when all is played has nobody after it to book that.
    assert manifest["sessions"]["cut_off"] in (len(kills) - 1, len(kills))
    time = manifest["time"]
    assert time["total"] == pytest.approx(sum(time.values()) - time["total"])
    assert time["lost"] > 0
    assert not list((folder / "checkpoints").glob(".*"))
    # A kill costs what was lost by it, and the start of the process that plays it again.
    for kill, before, after in zip(kills, books, [*books[1:], booked(folder)], strict=True):
        row = "killed_in_a_save" if kill.where == "inside a save" else "killed"
        start = starting(after) - starting(before)
        measured(row, True, kill.steps_lost, kill.seconds_lost + start)


def test_what_differs_is_found(whole, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(whole.path, copy)
    assert differences(whole.path, copy) == []
    lines = (copy / "metrics.jsonl").read_text().splitlines()
    (copy / "metrics.jsonl").write_text("\n".join([*lines, lines[-1]]) + "\n")
    assert differences(whole.path, copy) == ["metrics.jsonl: lines of the steps twice: 1500"]
    (copy / "metrics.jsonl").write_text("\n".join(lines[1:]) + "\n")
    assert differences(whole.path, copy) == ["metrics.jsonl: lines of the steps missing: 30"]
    row = json.loads(lines[0])
    row |= {"time": 0.0, "d_loss": row["d_loss"] * (1 + 1e-6)}
    (copy / "metrics.jsonl").write_text("\n".join([json.dumps(row), *lines[1:]]) + "\n")
    assert differences(whole.path, copy) == ["metrics.jsonl: 1 line, the first of step 30"]
    (copy / "samples").mkdir(exist_ok=True)
    (copy / "samples" / "step-00000010.png").write_bytes(b"x")
    assert "samples: step-00000010.png" in differences(whole.path, copy)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in GAMES if name != "gaussian_1d"])
def test_each_game_survives_a_kill(name, tmp_path):
    from kill_series import series

    outcome = series(name, tmp_path, kills=1, seed=1)
    assert outcome["kills"] == 1
    assert outcome["differs"] == []
