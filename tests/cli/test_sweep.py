"""`advnets sweep`: what it shows, and one sweep with real runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli

pytest.importorskip("optuna")

ROOT = Path(__file__).parents[2]
SWEEP = """\
recipe: gaussian_1d
overrides:
  training: {steps: 8, batch_size: 16}
  generator.layers: [4]
  discriminator.layers: [4]
  checkpoints.every: 2
  monitoring: {log_every: 4, image_every: 0, tensorboard: false, figures: false}
  evaluation: {every: 4, metrics: [{name: parzen, samples: 50, validation: 50}]}
space:
  optimizers.generator.learning_rate: [1.0e-4, 1.0e-2]
objective: {metric: parzen}
sampler: grid
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(SWEEP, encoding="utf-8")
    return tmp_path / "tiny.yaml"


def sweep(*words: object) -> Result:
    return CliRunner().invoke(cli, ["sweep", *map(str, words)], catch_exceptions=False)


def test_a_dry_run_plays_and_writes_nothing(file: Path) -> None:
    result = sweep(file, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "tiny: 2 trials of 1 run(s) of gaussian_1d" in result.stdout
    assert 'trial 1: {"optimizers.generator.learning_rate": 0.01}' in result.stdout
    assert "# would be played in sweeps/tiny-" in result.stdout
    assert not Path("sweeps").exists()


@pytest.mark.parametrize("by", ["option", "file"])
def test_more_trials_than_a_grid_has_are_told(file: Path, by: str) -> None:
    words = ["--trials", 3] if by == "option" else []
    file.write_text(SWEEP + "trials: 3\n" * (by == "file"), encoding="utf-8")
    result = sweep(file, "--dry-run", *words)
    assert "3 trials are asked for, but the grid has 2: these are all" in result.stderr
    assert "tiny: 2 trials of 1 run(s)" in result.stdout
    assert "asked for" not in sweep(file, "--dry-run", "--trials", 2).stderr


def test_problems_are_those_of_the_sweep(file: Path) -> None:
    file.write_text(SWEEP.replace("1.0e-2]", "fast]"), encoding="utf-8")
    result = sweep(file)
    assert result.exit_code == 2
    assert "tiny.yaml:10:48: optimizers.generator.learning_rate: expected a number" in result.stderr
    assert "1 problem in the sweep" in result.stderr


def test_a_real_run(file: Path) -> None:
    """In a process of its own; given again, the command has nothing left to play."""
    result = sweep(file, "--trials", 1, "--sweep-dir", "here")
    assert result.exit_code == 0, result.output
    (trial,) = [json.loads(line) for line in Path("here/trials.jsonl").read_text().splitlines()]
    assert trial["state"] == "complete"
    manifest = json.loads(Path("here/runs/0000-seed1/manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["scores"][-1]["value"] == trial["value"]
    assert manifest["scores"][-1]["protocol"]["step"] == 8
    assert "best    trial 0: here/runs/0000-seed1" in result.stdout
    before = Path("here/trials.jsonl").read_bytes()
    assert sweep(file, "--trials", 1, "--sweep-dir", "here").exit_code == 0
    assert Path("here/trials.jsonl").read_bytes() == before
    assert Path("here/logs/0000-seed1.log").read_text().count("finished at step") == 1
    assert Path("here/report.html").read_text().count("<svg") == 3


@pytest.mark.slow
def test_a_real_sweep_is_killed_and_ends_the_same(file: Path) -> None:
    """SIGKILL for the sweep, whose run is then told to stop; the same command goes on."""
    assert sweep(file, "--sweep-dir", "whole").exit_code == 0
    command = [sys.executable, "-P", "-m", "advnets", "sweep", str(file), "--sweep-dir", "killed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for seconds in (6.0, 12.0):
        victim = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert subprocess.run(command, env=environment, check=False).returncode == 0
    kept = []
    for place in ("whole", "killed"):
        trials = [json.loads(x) for x in Path(place, "trials.jsonl").read_text().splitlines()]
        hashes = [
            json.loads(file.read_text())["state_sha256"]
            for file in sorted(Path(place, "runs").glob("*/manifest.json"))
        ]
        kept.append(([trial | {"seconds": 0} for trial in trials], hashes))
    assert kept[0] == kept[1]
