"""Two worker processes play the game of one, end together, and go on where they stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from measured import Measured, cost

import advnets

sys.path.insert(0, str(Path(__file__).parent))
from cases import recipe
from states import alike, near, state

PATIENCE = 240
LONG = 100_000
"""Rounds that no test waits for."""
HALF_STREAMED = {
    "distribution": {"precision": "mixed_float16", "memory_budget": 0},
    "checkpoints": {"every": 4, "keep": 10_000},
}


def game(**entries: Any) -> dict[str, Any]:
    """Synchronised batch normalisation, and a score at the end."""
    parzen = {"name": "parzen", "samples": 31, "sigmas": 2, "validation": 20}
    return (
        recipe("batch_norm")
        | {"training": {"steps": 8, "batch_size": 24}}
        | {"evaluation": {"every": 8, "metrics": [parzen]}}
        | entries
    )


def start(folder: Path, run: Path, **entries: Any) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    file = folder / "recipe.yaml"
    file.write_text(json.dumps(game(**entries)))
    words = ["launch", "--workers", "2", str(file), "--run-dir", str(run)]
    return subprocess.Popen(
        [sys.executable, "-m", "advnets", *words],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(launched: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = launched.communicate(timeout=PATIENCE)
    return launched.returncode, said


def wait_for(what: Callable[[], bool], launched: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert launched.poll() is None, launched.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def manifest(run: Path) -> dict[str, Any]:
    return json.loads((run / "manifest.json").read_text())


def workers_of(launched: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{launched.pid}/task/{launched.pid}/children").read_text()
    return [int(word) for word in children.split()]


def test_two_workers_play_the_game_of_one_and_one_goes_on(tmp_path: Path) -> None:
    longer = {"training": {"steps": 10, "batch_size": 24}}
    alone = advnets.run(game(**longer), run_dir=tmp_path / "one")
    code, said = finish(start(tmp_path, tmp_path / "two"))
    assert code == 0, said
    assert "2 replicas on 2 workers" in said
    two = advnets.open_run(tmp_path / "two")
    assert two.manifest["identity"] == alone.manifest["identity"]
    alike(state(alone.path, 8), state(two.path, 8))
    for mine, theirs in zip(alone.metrics[:2], two.metrics[:2], strict=True):  # steps 3 and 6
        assert theirs["step"] == mine["step"]
        assert theirs["d_loss"] == pytest.approx(mine["d_loss"], rel=1e-4)
    mine, theirs = alone.manifest["scores"][0], two.manifest["scores"][0]
    assert theirs["value"] == pytest.approx(mine["value"], rel=1e-3)
    for key, value in mine["protocol"].items():
        floats = isinstance(value, float) or (
            isinstance(value, list) and all(isinstance(item, float) for item in value)
        )
        if floats:
            assert theirs["protocol"][key] == pytest.approx(value, rel=1e-3)
        elif "sha256" not in key:  # equal within rounding, so not bit by bit
            assert theirs["protocol"][key] == value
    advnets.run(game(**longer), run_dir=two.path)  # one process goes on with it
    alike(state(alone.path, 10), state(two.path, 10))


def endless(folder: Path, run: Path, **entries: Any) -> subprocess.Popen[str]:
    """Two workers that have logged a few times, and go on."""
    metrics = run / "metrics.jsonl"

    def records() -> int:
        return len(metrics.read_text().splitlines()) if metrics.exists() else 0

    begun = records()
    training = {"steps": LONG, "batch_size": 24}
    launched = start(folder, run, training=training, evaluation={}, **entries)
    wait_for(lambda: records() > begun + 3, launched)
    return launched


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A run of two workers in half precision with streamed data, after SIGTERM."""
    folder = tmp_path_factory.mktemp("stopped")
    launched = endless(folder, folder / "run", **HALF_STREAMED)
    launched.send_signal(signal.SIGTERM)
    return folder / "run", *finish(launched)


def test_sigterm_stops_all_after_the_same_round(
    stopped: tuple[Path, int, str], measured: Measured
) -> None:
    run, code, said = stopped
    assert code == 75, said
    assert manifest(run)["status"] == "interrupted"
    step = manifest(run)["step"]
    for index in (0, 1):
        log = (run / f"logs/worker-{index}.log").read_text()
        assert f"stopped by SIGTERM after round {step}, state committed" in log
    measured.booked("signal_to_several", True, manifest(run))


def test_two_workers_play_the_game_of_one_in_half_precision_with_streamed_data(
    stopped: tuple[Path, int, str], tmp_path: Path
) -> None:
    two, _, said = stopped
    assert "data: streamed" in said
    one = advnets.run(game(evaluation={}, **HALF_STREAMED), run_dir=tmp_path).path
    near(state(one, 8), state(two, 8), before=state(one, 4))
    assert any("loss_scale" in name for name in state(two, 8))


@pytest.mark.slow
def test_sigkill_of_a_worker_ends_all_and_the_same_command_goes_on(
    tmp_path: Path, measured: Measured
) -> None:
    run = tmp_path / "run"
    advnets.run(game(), run_dir=run)  # one process begins, and two go on
    launched = endless(tmp_path, run)
    os.kill(workers_of(launched)[1], signal.SIGKILL)
    killed = time.monotonic()
    code, said = finish(launched)
    assert code == 1, said
    assert time.monotonic() - killed < 15
    assert "resuming from step 8" in said
    assert "worker 1 of 2 was ended by SIGKILL" in said
    assert "worker-1.log" in said
    failed = manifest(run)
    assert failed["status"] == "failed"
    launched = endless(tmp_path, run)
    launched.send_signal(signal.SIGINT)
    assert finish(launched)[0] == 75
    measured("worker_killed", True, *cost(failed, manifest(run)))


def test_a_bad_recipe_is_told_once(tmp_path: Path) -> None:
    code, said = finish(start(tmp_path, tmp_path / "run", loss="minmax"))
    assert code == 2
    assert said.count("minmax") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_what_the_workers_find_wrong_is_told_once(tmp_path: Path) -> None:
    odd = {"training": {"steps": 8, "batch_size": 25}}
    code, said = finish(start(tmp_path, tmp_path / "run", **odd))
    assert code == 2
    assert said.count("cannot be shared evenly by 2 devices") == 1


@pytest.mark.slow
def test_an_interrupted_run_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path) -> None:
    """With the same number of workers, whatever the calls that its rounds were played in."""
    run = tmp_path / "run"
    launched = start(tmp_path, run, training={"steps": LONG, "batch_size": 24})
    wait_for(lambda: (run / "checkpoints/step-00000012").exists(), launched)
    launched.send_signal(signal.SIGINT)
    assert finish(launched)[0] == 75
    total = {"steps": manifest(run)["step"] + 20, "batch_size": 24}
    assert finish(start(tmp_path, run, training=total))[0] == 0
    assert finish(start(tmp_path, tmp_path / "whole", training=total))[0] == 0
    assert manifest(run)["state_sha256"] == manifest(tmp_path / "whole")["state_sha256"]
