"""A run that was stopped, or killed, and continued is the run that was not.

What is slow here is done quickly, for other games, by the tests of faults.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from measured import cost

import advnets
from advnets.checkpoint import CheckpointStore
from advnets.verify.same_run import differences

pytestmark = pytest.mark.usefixtures("without_reports")

ADAM = {"name": "adam", "learning_rate": 1e-3}
NORMALISED = {"name": "mlp", "layers": [16], "batch_norm": "before"}

VARIANTS = {
    "authors, loss scales": {
        "updates": "simultaneous",
        "averaging": {"decay": 0.9, "every": 3},
        "distribution": {"precision": "mixed_float16"},
    },
    "algorithm 1, k = 2": {
        "updates": {"name": "alternating", "discriminator_steps": 2},
        "loss": "minimax",
        "optimizers": {"generator": ADAM, "discriminator": ADAM},
    },
    "batch statistics and r1": {
        "generator": NORMALISED,
        "discriminator": {"name": "mlp", "layers": [16], "batch_norm": "after"},
        "penalties": [{"name": "r1", "gamma": 0.1}],
        "averaging": {},
        "latent": {"name": "gaussian", "size": 8},
    },
}
QUICK = "authors, loss scales"


def without_times(records):
    return [{k: v for k, v in r.items() if k not in ("time", "steps_per_second")} for r in records]


@pytest.mark.parametrize(
    "variant", [QUICK, *(pytest.param(v, marks=pytest.mark.slow) for v in VARIANTS if v != QUICK)]
)
def test_extended_equals_uninterrupted_bit_for_bit(small, tmp_path, variant):
    recipe = small(**VARIANTS[variant])
    whole = advnets.run(recipe, {"training.steps": 30}, run_dir=tmp_path / "whole")
    # 13 is no boundary of the uninterrupted run: its open averages have to survive too.
    advnets.run(recipe, {"training.steps": 13}, run_dir=tmp_path / "parts")
    parts = advnets.run(recipe, {"training.steps": 30}, run_dir=tmp_path / "parts")
    assert parts.manifest["state_sha256"] == whole.manifest["state_sha256"]
    assert parts.manifest["step"] == whole.manifest["step"] == 30
    (tail,) = without_times(parts.metrics)[-1:]
    assert tail == without_times(whole.metrics)[-1]


def test_what_an_image_told_is_logged_by_whoever_goes_on(small, tmp_path):
    """A checkpoint between an image and the line that tells of it."""
    monitoring = {
        "log_every": 7,
        "image_every": 5,
        "samples": 4,
        "tensorboard": False,
        "figures": False,
    }
    recipe = small(monitoring=monitoring, checkpoints={"every": 5, "keep": 9})
    whole, killed = (
        advnets.run(recipe, {"training.steps": 14}, run_dir=tmp_path / name) for name in "ab"
    )
    for later in ("step-00000010", "step-00000014"):
        shutil.rmtree(killed.path / "checkpoints" / later)
    killed.folder.manifest.update(status="running")
    advnets.run(recipe, {"training.steps": 14}, run_dir=killed.path)
    assert "sample_spread" in whole.metrics[0]
    assert differences(whole.path, killed.path) == []


def test_snapshots_of_a_run_that_was_killed_before_its_first_commit(tmp_path):
    short = {
        "training.steps": 6,
        "monitoring.log_every": 3,
        "monitoring.image_every": 0,
        "monitoring.figures": False,
        "monitoring.tensorboard": False,
    }
    whole, killed = (advnets.run("gaussian_1d", short, run_dir=tmp_path / name) for name in "ab")
    shutil.rmtree(killed.path / "checkpoints")
    killed.folder.manifest.update(status="running", step=0)
    advnets.run("gaussian_1d", short, run_dir=killed.path)
    lines = (killed.path / "samples" / "theory.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 3, 6]
    assert differences(whole.path, killed.path) == []


def command(recipe, folder, steps):
    return [
        *(sys.executable, "-m", "advnets", "run", str(recipe)),
        *(f"training.steps={steps}", "--run-dir", str(folder)),
    ]


@pytest.fixture
def recipe_file(small, tmp_path):
    path = tmp_path / "small.yaml"
    monitoring = {"log_every": 5, "image_every": 0, "tensorboard": False, "figures": False}
    entries = {"checkpoints": {"every": 50}, "monitoring": monitoring}
    path.write_text(json.dumps(small(**entries)))  # JSON is YAML
    return path


def start(recipe, folder, steps, until):
    """Start a run in a process of its own and wait until it has logged step ``until``."""
    process = subprocess.Popen(
        command(recipe, folder, steps), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    metrics = folder / "metrics.jsonl"
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        lines = metrics.read_text().splitlines() if metrics.exists() else []
        if lines and json.loads(lines[-1])["step"] >= until:
            return process
        time.sleep(0.05)
    pytest.fail(f"the run did not reach step {until}: {process.communicate()[0]}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_signals(recipe_file, tmp_path, number, caplog, measured, hears_sighup):
    folder = tmp_path / "run"
    process = start(recipe_file, folder, steps=1_000_000, until=160)
    began = time.perf_counter()
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=120)
    heeded = time.perf_counter() - began
    manifest = json.loads((folder / "manifest.json").read_text())
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 75, output
        assert manifest["status"] == "interrupted"
        assert "Traceback" not in output
        assert f"stopped by {number.name}" in output
        assert (folder / "report.html").exists()
    # A process that was killed may have committed what it had no time to write down.
    newest = max(int(path.name[5:]) for path in (folder / "checkpoints").glob("step-*"))
    assert newest >= manifest["step"] >= 50
    end = newest + 20
    kept = CheckpointStore(folder / "checkpoints").newest().extras
    caplog.set_level("INFO", "advnets")
    resumed = advnets.run(recipe_file, {"training.steps": end}, run_dir=folder)
    assert f"resuming from step {newest}" in caplog.text
    whole = advnets.run(recipe_file, {"training.steps": end}, run_dir=tmp_path / "whole")
    assert resumed.manifest["state_sha256"] == whole.manifest["state_sha256"]
    if number == signal.SIGKILL:
        measured("killed", True, *cost(kept, resumed.manifest))
    else:
        row = "other_signals" if number == signal.SIGHUP else "signal"
        measured(row, True, resumed.manifest["sessions"]["steps_lost"], heeded)
