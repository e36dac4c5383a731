"""Keep in `.heartbeat.json` how far the present session of a run has come, for the one after it.

A process that is killed seals nothing. What it leaves is its last sign of life, from which the
next session learns how many rounds, and how many seconds, were played in vain. Seconds are
counted by a clock that only goes forward, so that setting the machine's clock changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..safe_io import read_json
from ..safe_io.atomic import cannot_write
from .record import Count, Flag, Seconds, validate

FILE = ".heartbeat.json"
INTERVAL = 0.25
"""Seconds between two signs of life, at least; one takes a tenth of a millisecond."""


@dataclass
class Tally:
    """Add up all sessions of a run.

    Attributes:
        total: Seconds that its processes have run.
        step: The round that the last one had reached.
        steps_lost: Rounds that were played, not committed, and so to be played again.
        sessions: How many there were.
        cut_off: How many of them ended without being sealed: killed, or with an error.
        sealed: Whether the last one was.
    """

    total: Seconds = 0.0
    step: Count = 0
    steps_lost: Count = 0
    sessions: Count = 0
    cut_off: Count = 0
    sealed: Flag = True

    @classmethod
    def read(cls, folder: Path) -> Tally:
        """Return the tally in a run's folder; of zeros, if there is none that can be read.

        >>> Tally.read(Path("nowhere"))
        Tally(total=0.0, step=0, steps_lost=0, sessions=0, cut_off=0, sealed=True)
        """
        try:
            return validate(cls, read_json(folder / FILE, 2**16))
        except (OSError, ValueError):
            return cls()

    def begin(self, step: int) -> Tally:
        """Return the tally of a session that continues from ``step`` after this one.

        Doing so twice, because the second session died at once, counts nothing twice.

        >>> killed = Tally(total=9.0, step=70, sessions=1, sealed=False)
        >>> next = killed.begin(50)
        >>> next.steps_lost, next.cut_off, next.sessions, next.step
        (20, 1, 2, 50)
        """
        lost = self.steps_lost + max(0, self.step - step)
        cut_off = self.cut_off + (not self.sealed)
        return Tally(self.total, step, lost, self.sessions + 1, cut_off, sealed=False)


class Heartbeat:
    """Write a session's signs of life.

    Not flushed to disk, since a killed process takes nothing with it that the system has;
    only a machine that fails loses some seconds' account.

    Args:
        folder: The run's folder.
        tally: What it begins with (:meth:`Tally.begin`).
        now: Returns seconds; for tests.
    """

    def __init__(self, folder: Path, tally: Tally, now: Callable[[], float] = time.monotonic):
        self.tally = tally
        self._path, self._now = folder / FILE, now
        self._written = -math.inf

    def beat(self, step: int, total: float) -> None:
        """Write where the session is, unless that has just been done.

        Args:
            step: The round.
            total: Seconds that the run's processes have run, this one included.
        """
        if self._now() - self._written >= INTERVAL:
            self.write(step, total)

    def write(self, step: int, total: float, sealed: bool = False) -> None:
        """Write it now.

        Raises:
            RunError: If it cannot be written.
        """
        self._written = self._now()
        self.tally.step, self.tally.sealed = step, sealed
        self.tally.total = max(self.tally.total, total)
        temporary = self._path.with_name(f"{FILE}.tmp")
        try:
            temporary.write_text(json.dumps(asdict(self.tally)), encoding="utf-8")
            os.replace(temporary, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise cannot_write(self._path, error) from error
