"""Processes that live and end together; here they are scripts of a few lines."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from advnets.distribute.launcher import Launcher, _tee, worker_environments
from advnets.errors import Interrupted, RunError, UsageError

WHO = """
import json, os, signal, sys, time
me = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
def listen(): os.write(int(os.environ["ADVNETS_LISTENING_DESCRIPTOR"]), b".")
"""


def launch(folder: Path, script: str, workers: int = 2) -> None:
    command = [sys.executable, "-c", WHO + textwrap.dedent(script)]
    Launcher(command, worker_environments(workers, dict(os.environ)), folder).run()


def test_each_has_a_log_and_the_chief_is_shown(tmp_path: Path, capsys) -> None:
    launch(tmp_path / "logs", "print('I am', me); print('E', me, file=sys.stderr)", workers=3)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("I am 0\n", "E 0\n")
    for index in range(3):
        log = (tmp_path / f"logs/worker-{index}.log").read_text()
        assert f"I am {index}" in log
        assert f"E {index}" in log


def test_one_that_fails_ends_all_and_is_named(tmp_path: Path) -> None:
    script = """
    if me == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(100)
    """
    began = time.monotonic()
    with pytest.raises(RunError) as caught:
        launch(tmp_path, script)
    assert time.monotonic() - began < 20  # 2 seconds of grace, SIGTERM, 2 more, SIGKILL
    assert "worker 1 of 2 was ended by SIGKILL" in str(caught.value)
    assert str(tmp_path / "worker-1.log") in str(caught.value)


def test_the_end_of_its_log_is_shown(tmp_path: Path) -> None:
    script = "print('no more memory'); sys.exit(9 if me else 0)"
    with pytest.raises(RunError, match="worker 1 of 2 ended with exit code 9") as caught:
        launch(tmp_path, script)
    assert str(caught.value).count("no more memory") == 1
    assert "---" not in str(caught.value)


@pytest.mark.parametrize("code", [1, 2, 75])
def test_what_all_end_with_is_passed_on_without_a_word(tmp_path: Path, code: int, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        launch(tmp_path, f"print('told', file=sys.stderr); sys.exit({code})")
    assert caught.value.code == code
    assert capsys.readouterr().err == "told\n"


def test_bad_input_of_one_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="worker 1 of 2 ended with exit code 2"):
        launch(tmp_path, "sys.exit(2 * me)")


def test_signals_are_passed_on(tmp_path: Path) -> None:
    script = """
    def stop(number, frame):
        sys.exit(75)
    signal.signal(signal.SIGTERM, stop)
    listen()
    time.sleep(1)
    if me == 0:
        os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(100)
    """
    with pytest.raises(SystemExit) as caught:
        launch(tmp_path, script)
    assert caught.value.code == 75


def test_a_signal_before_anyone_listens_is_an_interruption(tmp_path: Path) -> None:
    """As they are while they come together: TensorFlow then lets no signal through."""
    ignore = "signal.signal(signal.SIGINT, signal.SIG_IGN); me or listen(); time.sleep(1)"
    script = f"{ignore}; me or os.kill(os.getppid(), signal.SIGINT); time.sleep(100)"
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted, match="stopped by SIGINT"):
        launch(tmp_path, script)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a signal")
def test_workers_do_not_outlive_the_launcher(tmp_path: Path, measured: Any) -> None:
    program = f"""
    import os, pathlib
    from advnets.distribute.launcher import Launcher, _tee, worker_environments
    worker = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    command = [{sys.executable!r}, "-c", worker]
    logs = pathlib.Path({str(tmp_path)!r})
    Launcher(command, worker_environments(2, dict(os.environ)), logs).run()
    """
    launcher = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)])
    deadline = time.monotonic() + 60
    logs = [tmp_path / f"worker-{index}.log" for index in range(2)]

    def pids() -> list[str]:
        said = [log.read_text().splitlines()[1:] if log.exists() else [] for log in logs]
        return [lines[-1] for lines in said if lines and lines[-1].isdigit()]

    while len(pids()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    with measured.timed("parent_killed", None, None):
        launcher.kill()
        launcher.wait()
        left = pids()
        while left and time.monotonic() < deadline:
            left = [pid for pid in left if _runs(pid)]
            time.sleep(0.05)
    assert not left


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_who_each_worker_is() -> None:
    configs = [json.loads(each["TF_CONFIG"]) for each in worker_environments(3, {})]
    assert [config["task"]["index"] for config in configs] == [0, 1, 2]
    assert len({json.dumps(config["cluster"]) for config in configs}) == 1
    assert len(set(configs[0]["cluster"]["worker"])) == 3


def test_devices_are_divided_evenly() -> None:
    def devices(gpus: str, workers: int) -> list[str]:
        found = worker_environments(workers, {"CUDA_VISIBLE_DEVICES": gpus})
        return [each["CUDA_VISIBLE_DEVICES"] for each in found]

    assert devices("0,1,2,3", 2) == ["0,1", "2,3"]
    assert devices("GPU-a,GPU-b,GPU-c", 2) == ["GPU-a", "GPU-b"]
    assert devices("", 2) == ["", ""]
    assert devices("3,-1,4", 1) == ["3"]
    with pytest.raises(UsageError, match="2 workers cannot share 1 GPUs"):
        devices("7", 2)
    chosen = {"CUDA_VISIBLE_DEVICES": "", "OPENBLAS_NUM_THREADS": "7"}
    found = worker_environments(2, chosen)[0]
    assert found["TF_NUM_INTRAOP_THREADS"] == str(max(1, (os.cpu_count() or 1) // 2))
    assert found["OPENBLAS_NUM_THREADS"] == "7"


def test_a_log_on_a_full_disk_does_not_stop_the_worker() -> None:
    """Its output is read on, or it would wait for ever; and shown."""
    said = subprocess.Popen([sys.executable, "-c", "print('x' * 200_000)"], stdout=subprocess.PIPE)
    screen = io.StringIO()
    assert said.stdout is not None
    with Path("/dev/full").open("wb", buffering=0) as full:
        _tee(said.stdout, screen, full)
    assert said.wait() == 0
    assert screen.getvalue() == "x" * 200_000 + "\n"
