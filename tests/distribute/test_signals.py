"""Signals to end: which are heeded, which stay ignored, and what a second one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advnets.distribute.signals import SIGNALS, URGENT, stop_on_signals
from advnets.sweep.run_process import STOPPED

pytestmark = pytest.mark.usefixtures("hears_sighup")
LATER = [number for number in SIGNALS if number not in URGENT]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_is_a_request(number):
    before = signal.getsignal(number)
    with stop_on_signals() as request:
        assert not request
        os.kill(os.getpid(), number)
        assert request.signal == signal.Signals(number).name
    assert signal.getsignal(number) == before
    assert -number in STOPPED  # a sweep's run that it ends before it listens was stopped too


def test_they_are_those_of_terminals_and_schedulers():
    names = {signal.Signals(number).name for number in SIGNALS}
    assert names == {"SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU"}


def test_under_nohup_nothing_is_heard():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as request:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not request
            os.kill(os.getpid(), signal.SIGUSR1)
            assert request.signal == "SIGUSR1"
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", LATER)
def test_those_that_come_again_and_again_do_not_act_at_once(number):
    """A terminal and its shell both send one; a limit of time does every second."""
    with stop_on_signals() as request:
        for _ in range(3):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)  # the scheduler's own, after its warning
        assert request.signal == signal.Signals(number).name
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # another one acts at once


PARENT = """
import sys
from pathlib import Path
from advnets.verify.kills import Subject
child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(100)"]
Subject(child, Path(sys.argv[1]) / "run", Path(sys.argv[1]) / "log").play(100)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_whose_kills_are_rehearsed_ends_with_its_parent(number, tmp_path, measured):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)])
    try:
        child = int(_wait_for(lambda: _text(tmp_path / "log")))
        with measured.timed("parent_killed", None, None):
            parent.send_signal(number)
            parent.wait(60)
            _wait_for(lambda: not _is_running(child))
    finally:
        parent.kill()
        parent.wait()


def _text(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_for(find):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")
