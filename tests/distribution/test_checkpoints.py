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

STEPS = 8


def play(devices: int, steps: int, folder: Path) -> None:
    entries: dict[str, Any] = recipe("batch_norm") | {
        "training": {"steps": steps, "batch_size": 24},
        "distribution": {"strategy": "mirrored" if devices > 1 else "one_device"},
    }
    if devices == 1:
        advnets.run(entries, run_dir=folder)
        return
    script = Path(__file__).parent / "run_mirrored.py"
    done = subprocess.run(
        [sys.executable, script, str(devices), json.dumps(entries), folder],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"{devices} mirrored replicas" in done.stderr


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    play(1, STEPS, folder)
    return folder


@pytest.mark.parametrize(("first", "then"), [(2, 1), (1, 2)])
def test_replicas_go_on_with_each_others_checkpoints(
    first: int, then: int, uninterrupted: Path, tmp_path: Path
) -> None:
    play(first, 4, tmp_path)
    play(then, STEPS, tmp_path)
    alike(state(uninterrupted, STEPS), state(tmp_path, STEPS))
