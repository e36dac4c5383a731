"""Two runs in one folder, and what is left of one that died."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
from measured import lost

from advnets.runs import RunLock
from advnets.runs.lock import HOLDER, stale


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_two_runs_in_one_folder(play, tmp_path, measured):
    with RunLock(tmp_path / "run"):
        refused = play()
    assert refused.code == 2
    assert f"process {os.getpid()} on {socket.gethostname()}, since " in refused.said
    assert "--run-dir" in refused.said
    assert not refused.folder.recipe_file.exists()
    measured("two_runs", None, 0, refused.seconds)


def test_what_a_dead_process_started_keeps_the_lock(play, dead, tmp_path, measured):
    with RunLock(tmp_path / "run") as lock:
        left = {"host": socket.gethostname(), "pid": dead, "since": "noon"}
        (lock.folder / HOLDER).write_text(json.dumps(left))
        refused = play()
    assert refused.code == 2
    assert f"process {dead} on {socket.gethostname()}, since noon; it no longer" in refused.said
    assert "something that it started still keeps the lock" in refused.said
    again = play("training.steps=1")
    assert again.code == 0
    measured("lock_outlives_its_holder", True, lost(again.manifest)[0], refused.seconds)


def test_a_lock_that_nobody_let_go_of(play, dead, tmp_path, measured):
    (tmp_path / "run").mkdir()
    host = socket.gethostname()
    left = {"host": host, "pid": dead, "since": "noon"}
    (tmp_path / "run" / HOLDER).write_text(json.dumps(left))
    done = play("training.steps=1")
    assert done.code == 0
    assert f"process {dead} on {host}, since noon, has not let go of this folder" in done.said
    assert "it was killed, or the machine was" in done.said
    assert not (tmp_path / "run" / HOLDER).exists()
    measured.booked("stale_lock", True, done.manifest)


def test_a_lock_left_by_another_machine(tmp_path):
    (tmp_path / HOLDER).write_text('{"host": "elsewhere", "pid": 7, "since": "noon"}')
    with RunLock(tmp_path) as lock:
        said = stale(lock.left)
    assert "process 7 on elsewhere, since noon" in said
    assert "or it still runs on that machine and its lock cannot be seen from here" in said
