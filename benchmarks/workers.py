"""The driver's side of the measurement: long-lived workers that take turns."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .environments import python
from .field import Entry
from .places import LOGS, ROOT

START_SECONDS = 300.0
FIRST_ROUND_SECONDS = 300.0
PATIENCE = 120.0


class WorkerFailed(Exception):
    """A worker ended, or did not answer; the message says what it last printed."""


def environment(checkout: Path) -> dict[str, str]:
    """Variables of a process that imports a checkout's packages, whatever is installed."""
    packages = os.pathsep.join(map(str, [checkout, *sorted(checkout.glob("plugins/*/src"))]))
    return {
        **os.environ,
        "PYTHONPATH": packages,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONUNBUFFERED": "1",
    }


class Process:
    """A process that is asked and answers in lines of JSON, on its standard input and output.

    Args:
        command: Starts it.
        log: The file of its standard error.
        checkout: Whose modules it imports; this one's by default.
    """

    def __init__(self, command: Sequence[str], log: Path, checkout: Path = ROOT):
        self.log = log
        with open(log, "w") as opened:
            self.process = subprocess.Popen(
                command,
                cwd=checkout,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=opened,
                env=environment(checkout),
            )
        self._pending = b""

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def ask(self, message: dict[str, Any]) -> None:
        """Tell it something."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise self._failure("it ended") from error

    def answer(self, patience: float) -> dict[str, Any]:
        """What it says next, within so many seconds."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise self._failure(f"no answer within {patience:.0f} s")
                read = os.read(self.process.stdout.fileno(), 65536)
                if not read:
                    raise self._failure("it ended")
                self._pending += read
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)

    def _failure(self, what: str) -> WorkerFailed:
        self.kill()
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return WorkerFailed(f"{what}: {lines[-1].strip()[:300] if lines else 'no message'}")


class Worker(Process):
    """One contestant in one game, in a process of its own.

    Args:
        entry: The contestant.
        game: The case's name.
        interpreter: That of the contestant's environment by default.
        checkout: As in :class:`Process`.
    """

    def __init__(
        self, entry: Entry, game: str, interpreter: Path | None = None, checkout: Path = ROOT
    ):
        self.entry, self.game = entry, game
        LOGS.mkdir(parents=True, exist_ok=True)
        name = f"{game}-{entry.label}".replace(" ", "_").replace(",", "")
        self.started = time.perf_counter()
        command = [
            str(interpreter or python(entry.environment)),
            *("-m", "benchmarks.worker", entry.module, game, json.dumps(dict(entry.options))),
        ]
        super().__init__(command, LOGS / f"{name}.log", checkout)
        self.about: dict[str, Any] = {}

    def ready(self) -> None:
        """Wait until it has built its game."""
        self.about = self.answer(START_SECONDS)["ready"]

    def first_round(self) -> float:
        """Let it play its first round; the seconds from its process's start to that round's end."""
        self.ask({"seconds": 1e-9})
        self.answer(FIRST_ROUND_SECONDS)
        return time.perf_counter() - self.started

    def turn(self, seconds: float) -> float:
        """Let it play for about so long; rounds per second."""
        self.ask({"seconds": seconds})
        answer = self.answer(seconds + PATIENCE)
        return answer["rounds"] / answer["seconds"]

    def end(self) -> dict[str, Any]:
        """Let it end; what it has left to say, such as its peak memory in bytes."""
        self.ask({"quit": True})
        said = self.answer(PATIENCE)["end"]
        self.process.wait(PATIENCE)
        return said
