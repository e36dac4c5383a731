"""Sweeps played with runs that cost nothing, killed, stopped, gone on with."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from measured import Measured
from playing import played, starts, told

pytest.importorskip("optuna")

from advnets.errors import Interrupted, RunError
from advnets.log import at_level
from advnets.sweep import Sweep, SweepFolder, Trial
from advnets.sweep.study import Study
from advnets.sweep.trial_runner import TrialRunner

Make = Callable[..., Sweep]
PROGRAM = [sys.executable, str(Path(__file__).with_name("play_fakes.py"))]
PRUNED = ("trials: 6", "trials: 6\npruning: {name: median, startup_trials: 2}")
TPE = ("sampler: random", "sampler: {name: tpe, startup_trials: 2}")


@pytest.mark.usefixtures("fakes")
def test_seeds_and_objectives(make: Make, tmp_path: Path) -> None:
    sweep = make(("trials: 6", "trials: 2\nseeds: [3, 5]"))
    trials, folder = played(sweep, tmp_path / "sweep")
    assert starts(folder) == 4
    for trial in trials:
        assert trial.state == "complete"
        assert trial.value == pytest.approx(sum(trial.values.values()) / 2)
        # 0.01 for each seed: 0.02 apart, so s/√2 = 0.01
        assert trial.error == pytest.approx(0.01)
        assert set(trial.values) == {"3", "5"}
        assert trial.seconds == 4.0
    assert folder.read() == trials
    again, _ = played(sweep, tmp_path / "sweep")
    assert again == trials
    assert starts(folder) == 4
    more, _ = played(sweep.with_trials(3), tmp_path / "sweep")
    assert more[:2] == trials
    assert starts(folder) == 6


@pytest.mark.usefixtures("fakes")
def test_a_trial_that_fails_is_kept_and_the_sweep_goes_on(make: Make, tmp_path: Path) -> None:
    sweep = make(
        (
            "  rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}\n",
            "",
        ),
        ("[10, 20, 30]", "[12, 13, 14, 15]"),
        ("sampler: random\ntrials: 6", "sampler: grid"),
    )
    trials, folder = played(sweep, tmp_path / "sweep")
    assert [trial.state for trial in trials] == ["complete", "failed", "failed", "complete"]
    assert "exit code 1 / error: it diverged / hint: take another" in trials[1].reason
    assert trials[2].reason == "seed 1: parzen is not finite"
    played(sweep, tmp_path / "sweep", retry=True)
    assert starts(folder) == 4 + 1  # the one that is finished is judged again, not played


@pytest.mark.usefixtures("fakes")
def test_a_run_whose_trial_failed_is_ended(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*asked: Any) -> None:
        raise RunError("its manifest is damaged")

    monkeypatch.setenv("FAKE_PAUSE", "0.5")
    monkeypatch.setattr("advnets.sweep.trial_runner.read_scores", refuse)
    (trial,), folder = played(make(PRUNED).with_trials(1), tmp_path / "sweep")
    assert (trial.state, trial.reason) == ("failed", "its manifest is damaged")
    assert_stopped(folder)


def assert_stopped(folder: SweepFolder) -> None:
    """The only run was begun, and ended before its last step."""
    (run,) = folder.runs.iterdir()
    assert not Path(f"/proc/{(run / 'starts.log').read_text().strip()}").exists()
    assert json.loads((run / "manifest.json").read_text())["step"] < 50


@pytest.mark.usefixtures("fakes")
def test_signals_are_heeded_while_a_pruned_run_ends(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prune(study: Study, trial: Trial, step: int, value: float) -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    monkeypatch.setenv("FAKE_PAUSE", "0.5")
    sweep, place = make(PRUNED).with_trials(2), tmp_path / "sweep"
    with monkeypatch.context() as patched:
        patched.setattr(Study, "judge", prune)
        with pytest.raises(Interrupted, match="stopped by SIGTERM"):
            played(sweep, place)
    folder = SweepFolder.of(sweep, place)
    assert [(trial.state, trial.reason) for trial in folder.read()] == [("pruned", "at step 10")]
    assert_stopped(folder)
    monkeypatch.setenv("FAKE_PAUSE", "0")
    trials, _ = played(sweep, place)
    assert [trial.state for trial in trials] == ["pruned", "complete"]


@pytest.mark.usefixtures("fakes")
def test_nobody_waits_for_the_run_of_a_pruned_trial(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PAUSE", "0.5")
    monkeypatch.setattr(Study, "judge", lambda study, trial, step, value: False)
    sweep = make(PRUNED)
    folder = SweepFolder.of(sweep, tmp_path / "sweep")
    with folder.lock():
        folder.start(sweep)
        study = Study(sweep, [])
        player = TrialRunner(sweep, folder, study.ask(), study)
        while not player.trial.ended:
            player.step()
        assert player.trial.state == "pruned"
        assert not player.done  # it still sleeps before its next step
        while not player.done:
            player.step()
    assert_stopped(folder)


@pytest.mark.usefixtures("fakes")
def test_pruned_trials_are_stopped(make: Make, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("FAKE_PAUSE", "0.02")
    trials, folder = played(make(PRUNED), tmp_path / "sweep")
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        last = max(trial.steps)
        assert trial.reason == f"at step {last}"
        assert trial.value == trial.steps[last]
        assert last < 50
    assert all(not t.steps or max(t.steps) == 40 for t in trials if t.state == "complete")
    assert starts(folder) == 6


@pytest.mark.usefixtures("fakes")
def test_two_at_a_time_play_the_same_trials(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PAUSE", "0.05")
    seen: list[int] = []

    class Look(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            running = sum(not trial.ended for trial in SweepFolder(tmp_path / "two").read())
            seen.append(running)

    one, _ = played(make(), tmp_path / "one")
    monkeypatch.setattr(logging.getLogger("advnets.sweep.play"), "handlers", [Look()])
    with at_level(logging.INFO):
        two, _ = played(make(), tmp_path / "two", jobs=2)
    assert max(seen) == 2
    assert [t.to_dict() for t in two] == [t.to_dict() for t in one]


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"training.batch_size": 11, "rate": 0.01}},
        {"params": {"training.batch_size": "10", "rate": 0.01}},
        {"params": {"training.batch_size": 10, "rate": 7}},
        {"params": {"training.batch_size": 10, "rate": 0.01, "more": 1}},
        {"params": {"rate": 0.01}},
        {"values": {"9" * 5000: 1.0}},
    ],
)
def test_trials_of_somebody_else_are_refused(
    make: Make, tmp_path: Path, change: dict[str, Any]
) -> None:
    sound = Trial(0, {"training.batch_size": 10, "rate": 0.01}).to_dict()
    (tmp_path / "sweep").mkdir()
    folder = SweepFolder(tmp_path / "sweep")
    with folder.lock():
        folder.start(make())
    folder.trials_file.write_text(json.dumps(sound | change) + "\n")
    with pytest.raises(RunError, match="trial 0 does not fit the sweep"):
        played(make(), folder.path)


def process(file: Path, place: Path, pause: str = "0.02") -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "FAKE_PAUSE": pause, "PYTHONPATH": str(root)}
    started = subprocess.Popen(
        [*PROGRAM, str(file), str(place)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "playing\n"
    return started


def test_a_sweep_that_is_killed_goes_on_with_the_same_trials(
    make: Make, write: Callable[..., Path], tmp_path: Path, fakes: None, measured: Measured
) -> None:
    changes = (PRUNED, TPE)
    whole, folder = played(make(*changes), tmp_path / "whole")
    file, place = write(*changes), tmp_path / "killed"
    chance = random.Random(3)
    for _ in range(3):
        victim = process(file, place)
        time.sleep(chance.uniform(0.05, 0.5))
        victim.kill()
        victim.wait()
    start = time.monotonic()
    last = process(file, place)
    seconds = time.monotonic() - start
    assert last.wait(60) == 0
    assert told(SweepFolder(place)) == told(folder)
    measured("sweep_killed", True, None, seconds)
    assert {trial.state for trial in whole} == {"complete", "pruned"}


def test_sigterm_stops_it_with_its_runs(
    write: Callable[..., Path], make: Make, tmp_path: Path, fakes: None
) -> None:
    file, place = write(), tmp_path / "sweep"
    victim = process(file, place, pause="0.3")
    folder = SweepFolder(place)
    deadline = time.monotonic() + 30
    while not list(folder.runs.glob("*/manifest.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.send_signal(signal.SIGTERM)
    assert victim.wait(30) == 75
    (manifest,) = folder.runs.glob("*/manifest.json")
    step = json.loads(manifest.read_text())["step"]
    assert 0 < step < 50  # its run ended in between, and nobody plays it any more
    (trial,) = folder.read()
    assert trial.state == "running"
    assert process(file, place, pause="0").wait(60) == 0
    assert told(folder) == told(played(make(), tmp_path / "whole")[1])


@pytest.mark.usefixtures("fakes")
def test_a_run_that_somebody_else_stopped_is_gone_on_with_later(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_STOPS", "0000-seed1")
    sweep, place = make(("trials: 6", "trials: 2")), tmp_path / "sweep"
    with pytest.raises(Interrupted, match="some runs were stopped"):
        played(sweep, place)
    assert [trial.state for trial in SweepFolder(place).read()] == ["running", "complete"]
    trials, folder = played(sweep, place)
    assert starts(folder) == 3
    assert [trial.state for trial in trials] == ["complete", "complete"]
