"""Where a run's time goes. The kinds add up to the total, over all sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

MEASURED = ("starting", "training", "saving", "evaluation")
REST = "monitoring"
KINDS = (*MEASURED, REST)
"""``starting``: from the command to the first round, and compiling; ``training``: compiled
rounds; ``saving``: what training waited for checkpoints; ``evaluation``: metrics;
``monitoring``: all the rest, which is logs, images, callbacks and the report."""


class Clock:
    """Seconds of a run by what they were spent on.

    What a checkpoint keeps of it (:meth:`spent`) is the time that led to its state. A
    session that goes on from there continues with that; whatever the run's processes
    have run beyond, because they were killed or failed, is lost.

    Args:
        spent: The seconds by kind that led to the state gone on from.
        total: Seconds that all sessions before this one ran.
        began: When this one did, by ``now``; now by default.
        now: Returns seconds, never fewer than before.

    >>> time = iter(range(0, 100, 10))
    >>> clock = Clock({"training": 7.0}, total=12.0, now=lambda: next(time))
    >>> clock.measure("saving", lambda: "saved")
    'saved'
    >>> clock.table()["lost"], clock.table()["total"]
    (5.0, 52.0)
    """

    def __init__(
        self,
        spent: Mapping[str, float] | None = None,
        total: float = 0.0,
        began: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        before = {kind: float((spent or {}).get(kind, 0.0)) for kind in KINDS}
        self._before, self._own = before, dict.fromkeys(MEASURED, 0.0)
        self._total_before = max(float(total), sum(before.values()))
        self._now, self._vain = now, 0.0
        self._began = now() if began is None else began

    @property
    def total(self) -> float:
        """Seconds of all sessions."""
        return self._total_before + self._elapsed()

    def measure(self, kind: str, work: Callable[[], T]) -> T:
        """Do ``work`` and book its time under ``kind``, one of ``MEASURED``."""
        start = self._now()
        try:
            return work()
        finally:
            self._own[kind] += max(0.0, self._now() - start)

    def started(self) -> None:
        """Book what has not been booked yet as spent on the first round."""
        self._own["starting"] += self._elapsed() - sum(self._own.values())

    def rebook(self, kind: str, other: str, seconds: float) -> None:
        """Take seconds that were booked as one kind for another."""
        seconds = min(seconds, self._own[kind])  # taken by two clocks, one around the other
        self._own[kind] -= seconds
        self._own[other] += seconds

    def went_back(self, spent: Mapping[str, float]) -> None:
        """Go back to when ``spent`` had been spent; the rest was in vain.

        >>> time = iter(range(0, 100, 10))
        >>> clock = Clock(now=lambda: next(time))
        >>> clock.measure("training", lambda: None)
        >>> clock.went_back({"training": 4.0})
        >>> clock.table()["training"], clock.table()["lost"]
        (4.0, 26.0)
        """
        self._before = {kind: float(spent.get(kind, 0.0)) for kind in KINDS}
        self._own, self._vain = dict.fromkeys(MEASURED, 0.0), self._elapsed()

    def spent(self) -> dict[str, float]:
        """Return seconds by kind that led to the present state."""
        return self._spent(self._elapsed())

    def table(self) -> dict[str, float]:
        """Return the total, its kinds, and what was lost: they add up."""
        elapsed = self._elapsed()
        spent = self._spent(elapsed)
        total = self._total_before + elapsed
        return {"total": total, **spent, "lost": max(0.0, total - sum(spent.values()))}

    def _spent(self, elapsed: float) -> dict[str, float]:
        rest = max(0.0, elapsed - self._vain - sum(self._own.values()))
        return {kind: self._before[kind] + self._own.get(kind, rest) for kind in KINDS}

    def _elapsed(self) -> float:
        return max(0.0, self._now() - self._began)


def goodput(time: Mapping[str, float]) -> float | None:
    """Return the share of a run's time that was spent in rounds that counted.

    Args:
        time: What :meth:`Clock.table` returned.

    >>> goodput({"total": 10.0, "training": 9.0, "lost": 1.0})
    0.9
    """
    total = time.get("total") or 0.0
    return time.get("training", 0.0) / total if total > 0 else None
