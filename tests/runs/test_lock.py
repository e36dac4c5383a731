"""One process at a time; the lock of a dead process is no lock."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from advnets import RunError, UsageError
from advnets.runs import RunFolder

HOLD = """
import sys, time
from pathlib import Path
from advnets.runs import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_lock_names_the_holder(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run").lock():
        with pytest.raises(UsageError, match=f"process {os.getpid()} on") as error:
            RunFolder(tmp_path / "run").lock().__enter__()
        assert socket.gethostname() in str(error.value)
        assert "since 2" in str(error.value)
    with RunFolder(tmp_path / "run").lock():
        pass


def test_who_holds_it_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    entered = threading.Event()

    def add_a_line() -> None:
        with RunFolder(tmp_path).lock().if_free() as idle:
            assert idle
            entered.set()
            time.sleep(0.3)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(add_a_line)
        assert entered.wait(10)
        with RunFolder(tmp_path).lock():  # without waiting it would be refused
            assert done.done() or done.result(10) is None
        done.result(10)


def test_it_is_released_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunFolder(tmp_path).lock():
        raise KeyError
    with RunFolder(tmp_path).lock():
        pass


def test_it_is_released_when_the_process_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=f"process {process.pid} on"):
            RunFolder(tmp_path).lock().__enter__()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    with RunFolder(tmp_path).lock() as lock:
        assert lock.holder()["pid"] == os.getpid()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot write"):
        RunFolder(tmp_path / "file").lock().__enter__()
