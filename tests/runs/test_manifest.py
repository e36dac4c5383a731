"""The manifest is plain JSON, written whole or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from advnets import RunError
from advnets.runs import Manifest
from advnets.runs.manifest import machine, versions


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "manifest.json")


def test_it_begins_empty(manifest: Manifest) -> None:
    assert manifest.data == {}
    assert manifest.get("status") is None
    with pytest.raises(KeyError):
        manifest["status"]


def test_update_replaces_entries(manifest: Manifest) -> None:
    manifest.update(status="running", time={"total": 1.0, "lost": 0.5})
    manifest.update(time={"total": 2.0}, step=3)
    data = json.loads(manifest.path.read_text())
    assert data["time"] == {"total": 2.0}
    assert (data["status"], data["step"]) == ("running", 3)
    assert data["updated"].endswith("+00:00")


def test_values_become_plain(manifest: Manifest) -> None:
    score = {"metric": "m", "value": np.float32(0.5), "error": float("nan")}
    manifest.update(step=np.int64(3), scores=[score])
    manifest.update(command=("run", Path("r.yaml")))
    data = json.loads(manifest.path.read_text())
    assert data["step"] == 3
    assert data["scores"] == [{"metric": "m", "value": 0.5, "error": None}]
    assert data["command"] == ["run", "r.yaml"]


def test_a_status_is_one_of_four(manifest: Manifest) -> None:
    for status in ("running", "interrupted", "failed", "finished"):
        manifest.update(status=status)
    with pytest.raises(ValueError, match="status 'done'"):
        manifest.update(status="done")


def test_two_writers_lose_nothing(manifest: Manifest) -> None:
    other = Manifest(manifest.path)
    manifest.update(step=1)
    other.update(scores=[{"metric": "m"}])
    manifest.update(step=2)
    assert (other["step"], manifest["scores"]) == (2, [{"metric": "m"}])


def test_a_change_sees_what_others_wrote_meanwhile(manifest: Manifest) -> None:
    manifest.update(told=[1])
    other = Manifest(manifest.path)

    def add(number: int) -> None:
        manifest.change(lambda data: {"told": [*data["told"], number]})

    other.change(lambda data: {"told": [*data["told"], 2]})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(3, 13)))
    assert sorted(manifest["told"]) == list(range(1, 13))


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_file(manifest: Manifest, content: bytes) -> None:
    manifest.path.write_bytes(content)
    with pytest.raises(RunError, match="the manifest is damaged") as error:
        manifest.update(step=1)
    assert "bring a copy of it back" in str(error.value.hint)
    assert manifest.path.read_bytes() == content


def test_nothing_is_left_behind(manifest: Manifest) -> None:
    for step in range(3):
        manifest.update(step=step)
    names = {path.name for path in manifest.path.parent.iterdir()}
    assert names <= {"manifest.json", ".manifest.json.lock"}


def test_versions_and_machine() -> None:
    assert versions()["python"]
    assert set(versions()) == {"python", "advnets", "tensorflow", "keras", "numpy"}
    assert set(machine()) == {"system", "machine", "processor", "cores", "memory"}


HOLDER = """
import sys, time, filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(0.2)
"""


def test_a_stopped_reader_is_waited_for(manifest, monkeypatch, caplog, measured) -> None:
    """Somebody who holds the lock and was stopped makes no run fail."""
    monkeypatch.setattr("advnets.runs.manifest.PATIENCE", 0.2)
    lock = str(manifest.path.parent / ".manifest.json.lock")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, lock], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        with measured.timed("stopped_reader", True, None):
            with ThreadPoolExecutor() as pool:
                writing = pool.submit(manifest.update, step=7)
                deadline = time.monotonic() + 60
                while "keeps it locked" not in caplog.text and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert not writing.done()
                holder.send_signal(signal.SIGCONT)
                writing.result(60)
    finally:
        holder.kill()
        holder.wait()
    assert manifest["step"] == 7
    assert "keeps it locked" in caplog.text
