"""Somebody else touches the files of a run while it plays, or takes them away between sessions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from advnets.runs import RunLock
from advnets.runs.lock import HOLDER, LOCK

EVERY = list(range(1, 31))
TOUCHES = {
    "half a line is appended": ("tear", "metrics.jsonl", "half a line is cut off", EVERY),
    "the metrics are gone": ("vanish", "metrics.jsonl", "lines are gone", EVERY[11:]),
    "the manifest is gone": ("vanish", "manifest.json", "is written anew from memory", EVERY),
    "the recipe is gone": (
        "vanish",
        "recipe.yaml",
        "removed while the run played: put back",
        EVERY,
    ),
    "the lock is gone": ("vanish", LOCK, "the run played: locked anew", EVERY),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_files_of_a_living_run(touch, play, tmp_path, undisturbed, measured):
    how, name, said, steps = TOUCHES[touch]
    path = tmp_path / "run" / name
    fault = f"[{{name: faulty, where: on_train_batch_end, how: {how}, path: '{path}'}}]"
    done = play(f"monitoring.callbacks={fault}")
    assert done.code == 0
    assert " ".join(done.said.split()).count(said) == 1
    assert done.steps == steps
    assert done.manifest["state_sha256"] == undisturbed
    assert {"identity", "recipe", "data", "sampling", "played_with"} <= done.manifest.keys()
    assert (tmp_path / "run" / "recipe.yaml").is_file()
    measured.booked("living_files", True, done.manifest)


HOLD = """
import sys
from pathlib import Path
from advnets.runs import RunLock
with RunLock(Path(sys.argv[1])) as lock:
    print("held", flush=True)
    sys.stdin.readline()
    lock.keep()
"""


def test_a_lock_is_removed_under_its_holder(play, tmp_path, measured):
    """Its name keeps others away; where that is gone too, the first ends."""
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        (folder / LOCK).unlink()
        refused = play()
        assert refused.code == 2
        assert f"another process works in this folder: process {process.pid}" in refused.said
        left = json.loads((folder / HOLDER).read_text())
        (folder / HOLDER).write_text(json.dumps(left | {"since": "2001-01-01T00:00:00+00:00"}))
        with RunLock(folder):  # the number of a process that began later
            _, said = process.communicate("go on\n", timeout=60)
            assert (folder / HOLDER).exists()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert "another process works in this folder" in said
    measured("lock_removed", None, 0, refused.seconds)


def test_manifest_and_checkpoints_are_gone(play, undisturbed, tmp_path, measured):
    """Nothing is begun anew over the metrics that are left; brought back, it is the same run."""
    folder = tmp_path / "run"
    play("training.steps=20")
    for name in ("manifest.json", "checkpoints"):
        shutil.move(folder / name, tmp_path / name)
    before = (folder / "metrics.jsonl").read_bytes()
    refused = play()
    assert refused.code == 1
    said = " ".join(refused.said.split())
    assert "the run was at step 20, but it has neither a manifest nor a checkpoint" in said
    assert (folder / "metrics.jsonl").read_bytes() == before
    shutil.move(tmp_path / "checkpoints", folder / "checkpoints")
    again = play()
    assert again.code == 0
    assert again.steps == EVERY
    assert again.manifest["state_sha256"] == undisturbed
    measured("all_but_metrics_gone", True, 0, refused.seconds)
