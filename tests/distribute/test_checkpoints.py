"""A checkpoint holds no trace of devices: any number goes on with what any number began."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import advnets

sys.path.insert(0, str(Path(__file__).parent))
from cases import recipe
from states import alike, state

pytestmark = pytest.mark.usefixtures("without_reports")


def play(python: list[str], devices: int, steps: int, folder: Path) -> None:
    entries: dict[str, Any] = recipe("batch_norm") | {
        "training": {"steps": steps, "batch_size": 24},
        "checkpoints": {"every": 2, "keep": 9},
        "distribution": {"strategy": "mirrored" if devices > 1 else "one_device"},
    }
    if devices == 1:
        advnets.run(entries, run_dir=folder)
        return
    script = Path(__file__).parent / "run_mirrored.py"
    done = subprocess.run(
        [*python, script, str(devices), json.dumps(entries), folder],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"{devices} mirrored replicas" in done.stderr


def test_replicas_go_on_with_each_others_checkpoints(tmp_path: Path, preloaded: list[str]) -> None:
    play(preloaded, 1, 8, tmp_path / "whole")
    for devices, until in ((1, 2), (2, 6), (1, 8)):
        play(preloaded, devices, until, tmp_path / "parts")
    for step in (6, 8):  # what two made of one's, and one of theirs
        alike(state(tmp_path / "whole", step), state(tmp_path / "parts", step))
