"""Workers, in real processes, that wait for each other: found, missed, stopped, mistaken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

PATIENCE = 40.0
MEET = [str(Path(__file__).parent / "meet.py")]


class Worker:
    """A process, and what it has said so far."""

    def __init__(self, index: int, addresses: Sequence[str], command: Sequence[str] = MEET):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": list(addresses)}, "task": task})
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, "TF_CONFIG": config, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def says(self, words: str) -> None:
        """Wait until it says this."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self._reader.is_alive() or words in self.said, self.said
            time.sleep(0.02)

    def ends(self, code: int) -> str:
        """Wait for its end, with this exit code; what it said."""
        assert self.process.wait(PATIENCE) == code, self.said
        self._reader.join(PATIENCE)
        return self.said


@pytest.fixture
def start() -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def one(*arguments: object, **named: object) -> Worker:
        workers.append(Worker(*arguments, **named))  # type: ignore[arg-type]
        return workers[-1]

    yield one
    for worker in workers:
        worker.process.kill()
        worker.process.wait()


@pytest.fixture
def addresses() -> list[str]:
    sockets = [socket.socket() for _ in range(3)]
    for each in sockets:
        each.bind(("localhost", 0))
    found = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return found


def test_all_go_on_once_the_last_is_there(start, addresses) -> None:
    """The chief last, so that the others have to call it more than once."""
    others = [start(index, addresses) for index in (2, 1)]
    others[0].says(f" s for {addresses[0]}")
    for worker in [*others, start(0, addresses)]:
        assert "all 3 workers are there\nmet\n" in worker.ends(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_for_one_that_never_comes(number, start, addresses) -> None:
    chief, worker = start(0, addresses), start(1, addresses)
    worker.says(f" s for {addresses[2]}")
    chief.says(f"for {addresses[2]}\n")
    worker.process.send_signal(number)
    stopped = f"stopped by {number.name} while waiting for"
    said = worker.ends(75)
    assert said.endswith(f"{stopped} {addresses[2]}; nothing has been played\n")
    chief.says(f"for {addresses[1]}, {addresses[2]}\n")  # it has noticed that one left
    chief.process.send_signal(number)
    assert chief.ends(75).endswith(
        f"{stopped} {addresses[1]}, {addresses[2]}; nothing has been played\n"
    )


def test_one_number_is_given_twice(start, addresses, measured) -> None:
    """The second is refused by name; one that takes the place of a first that has gone is not."""
    chief, first = start(0, addresses), start(1, addresses)
    first.says(f" s for {addresses[2]}")
    began = time.perf_counter()
    said = start(1, addresses).ends(2)
    measured("one_index_twice", None, 0, time.perf_counter() - began)
    assert f"another process is there as worker 1 ({addresses[1]}) already" in said
    first.process.kill()
    first.process.wait()
    for worker in (start(1, addresses), start(2, addresses), chief):
        assert "met" in worker.ends(0)


def test_strangers_at_the_port_and_other_lists_of_workers(start, addresses, measured) -> None:
    chief = start(0, addresses)
    chief.says("waits for the others")
    host, _, port = addresses[0].rpartition(":")
    with measured.timed("strangers_at_the_port", True):
        for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"[" * 70_000, b'{"rank": true}\n', b""):
            deadline = time.monotonic() + PATIENCE
            while True:  # until it listens
                try:
                    with socket.create_connection((host, int(port))) as stranger:
                        stranger.sendall(nonsense)
                    break
                except OSError:
                    assert time.monotonic() < deadline
    mistaken = start(1, [addresses[0], "elsewhere:1234", addresses[2]])
    said = mistaken.ends(2)
    assert f"but the chief {', '.join(addresses)}" in said
    others = [start(index, addresses) for index in (1, 2)]
    for worker in (chief, *others):
        assert "met" in worker.ends(0)


def test_a_worker_waits_for_a_chief_behind_somebody_else(start, addresses) -> None:
    """As when the others of an earlier run have not ended yet."""
    host, _, port = addresses[0].rpartition(":")
    with socket.create_server((host, int(port))) as server:
        worker = start(1, addresses)
        caller, _ = server.accept()
        with caller:
            caller.sendall(b"\x00\x00\x12\x04\x00\n")  # as gRPC greets
            worker.says(f" s for {addresses[0]}")
        refused = start(0, addresses)
        said = refused.ends(1)
        assert f"cannot listen at {addresses[0]} (from TF_CONFIG): Address already in use" in said
    rest = [start(index, addresses) for index in (0, 2)]
    for each in (worker, *rest):
        assert "met" in each.ends(0)


def test_one_that_vanishes_at_the_last_moment_does_not_keep_the_others(start, addresses) -> None:
    command = [*MEET, "hang"]
    for worker in [start(index, addresses, command) for index in range(3)]:
        assert worker.ends(1).endswith("all 3 workers are there\n")


def test_the_command_ends_with_one_line(start, addresses, tmp_path) -> None:
    command = ["-m", "advnets", "run", "gaussian_1d", "--run-dir", str(tmp_path / "run")]
    worker = start(1, addresses, command)
    worker.says("waits for the others")
    worker.process.send_signal(signal.SIGTERM)
    said = worker.ends(75)
    assert f"error: stopped by SIGTERM while waiting for {addresses[0]}; nothing" in said
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()
