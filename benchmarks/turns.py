"""The worker's side of the measurement: it plays when asked to, and sleeps in between.

A driver writes one JSON object per line to a worker's standard input, ``{"seconds": 3.0}`` for
a turn or ``{"quit": true}``, and reads one per line from its standard output: first
``{"ready": {…}}``, then ``{"rounds": n, "seconds": s}`` for each turn.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

CALL_SECONDS = 0.5
"""About how long one call of many rounds takes, as in `advnets run`."""


class Finished(Exception):
    """The driver wants no more turns."""


class Turns:
    """Tells a contestant how many rounds to play, and times them.

    Args:
        commands: Where the driver's lines come from.
        answer: Called with what to tell the driver.
        call_seconds: About how long one call should take once the speed is known.
        clock: A clock in seconds.
    """

    def __init__(
        self,
        commands: TextIO,
        answer: Callable[[dict[str, Any]], None],
        call_seconds: float = CALL_SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self._commands, self._answer, self._clock = commands, answer, clock
        self._call_seconds = call_seconds
        self._seconds = 0.0  # of the present turn; 0 before the first
        self._started = 0.0
        self._played = 0
        self._asked = 0
        self._speed = 0.0

    def rounds(self, at_most: int | None = None) -> int:
        """How many rounds to play before asking again; waits for the driver between turns.

        Raises:
            Finished: When the driver is done.
        """
        self._played += self._asked
        if self._seconds:
            elapsed = self._clock() - self._started
            if elapsed >= self._seconds:
                self._speed = self._played / elapsed
                self._answer({"rounds": self._played, "seconds": elapsed})
                self._wait()
            elif self._played:
                self._speed = self._played / max(elapsed, 1e-9)
        else:
            self._wait()
        left = self._seconds - (self._clock() - self._started)
        fitting = int(self._speed * min(left, self._call_seconds))
        # A first call says little about the speed, for it may hold a compilation.
        fitting = min(fitting, max(1, 8 * self._played)) if self._first_turn else fitting
        self._asked = max(1, fitting if at_most is None else min(fitting, at_most))
        return self._asked

    def _wait(self) -> None:
        line = self._commands.readline()
        command = json.loads(line) if line.strip() else {"quit": True}
        if command.get("quit"):
            raise Finished
        self._first_turn = self._seconds == 0.0
        self._seconds = float(command["seconds"])
        self._played = self._asked = 0
        self._started = self._clock()


def private_output() -> Callable[[dict[str, Any]], None]:
    """Keep standard output for answers: whatever else is printed goes to standard error."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def answer(message: dict[str, Any]) -> None:
        output.write(json.dumps(message) + "\n")
        output.flush()

    return answer


def peak_memory() -> int:
    """The most memory this process has had resident, in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
