"""How long one waits: for a command's answer, and for a run's first round."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import environments
from .cases import GAMES
from .contestants.advnets_ import recipe
from .field import EAGER, FIT, TF_GAN, by_label
from .places import ROOT
from .workers import Worker, WorkerFailed

ADVNETS = Path(sys.executable).with_name("advnets")
FIRST_ROUND_CASES = ("ring", "mnist")


def commands(repetitions: int = 10) -> dict[str, float]:
    """Seconds of ``advnets --help`` and ``advnets validate``, medians after one call to warm up."""
    file = ROOT / "recipes/goodfellow2014.yaml"
    return {
        "advnets --help": _median_seconds([str(ADVNETS), "--help"], repetitions),
        "advnets validate": _median_seconds([str(ADVNETS), "validate", str(file)], repetitions),
    }


def first_rounds(repetitions: int = 3) -> dict[str, dict[str, Any]]:
    """Seconds from command to the end of the first round, in cold processes, by case and label.

    For advnets that is ``advnets run``, up to the time in the first line of ``metrics.jsonl``.
    """
    found: dict[str, dict[str, Any]] = {}
    for game in FIRST_ROUND_CASES:
        found[game] = {
            "advnets run": statistics.median(_advnets_run(game) for _ in range(repetitions))
        }
        for label in (EAGER, FIT, TF_GAN):
            if environments.missing(by_label(label).environment) is None:
                found[game][label] = _peer(label, game, repetitions)
    return found


def _peer(label: str, game: str, repetitions: int) -> float | None:
    seconds = []
    for _ in range(repetitions):
        worker = Worker(by_label(label), game)
        try:
            worker.ready()
            seconds.append(worker.first_round())
        except WorkerFailed:
            return None
        finally:
            worker.kill()
    return statistics.median(seconds)


def _advnets_run(game: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = _recipe_file(Path(folder), game)
        command = [
            *(str(ADVNETS), "run", str(file), "--run-dir", f"{folder}/run"),
            *("training.steps=1", "monitoring.log_every=1", "monitoring.image_every=0"),
        ]
        started = time.time()
        subprocess.run(command, cwd=ROOT, env=_quiet(), check=True, capture_output=True)
        first = Path(f"{folder}/run/metrics.jsonl").read_text().splitlines()[0]
        return json.loads(first)["time"] - started


def _recipe_file(folder: Path, game: str) -> Path:
    told = recipe(GAMES[game])
    file = folder / f"{game}.yaml"
    file.write_text(json.dumps(told, indent=1))  # JSON is YAML
    return file


def _median_seconds(command: list[str], repetitions: int) -> float:
    seconds = []
    for _ in range(repetitions + 1):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=_quiet(), check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def _quiet() -> dict[str, str]:
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
