"""What a session costs, and what the ones before it lost: booked in the run's folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..checkpoint import Commit
from ..errors import AdvnetsError
from ..runs import RunFolder
from ..runs.heartbeat import Heartbeat, Tally
from .clock import Clock, goodput


class Account:
    """Keep the books of one session.

    The manifest gets ``time`` (seconds by kind, which add up to ``total``), ``goodput``
    (the share of it spent in rounds that counted) and ``sessions`` (how many, how many of
    them were cut off, how many rounds were lost by that).

    Args:
        folder: The run's folder.
        newest: The checkpoint that the session continues from, if any.
        began: When it began, by ``time.monotonic``.
        chief: Whether this process writes.
        keep: Sees to it that the folder is still locked, before anything is booked.

    Attributes:
        clock: Where the session's time is booked.
    """

    def __init__(
        self,
        folder: RunFolder,
        newest: Commit | None,
        began: float,
        chief: bool = True,
        keep: Callable[[], None] = lambda: None,
    ):
        self._folder, self._chief, self._keep = folder, chief, keep
        self._kept: Mapping[str, float] = newest.extras.get("time", {}) if newest else {}
        self._step = newest.step if newest else 0
        before = Tally.read(folder.path) if chief else Tally()
        known = (folder.manifest.get("time") or {}).get("total") if chief else None
        before.total = max(before.total, known or 0.0)
        self._record = Heartbeat(folder.path, before.begin(self._step))
        self.clock = Clock(self._kept, before.total, began)
        if chief:
            self._record.write(self._step, self.clock.total)

    def alive(self, step: int) -> None:
        """Note that the session has come to ``step``.

        Raises:
            AdvnetsError: If the folder is another process's by now.
        """
        if self._chief:
            self._keep()
            # What else is written there will tell if the folder is gone or full.
            with contextlib.suppress(AdvnetsError):
                self._record.beat(step, self.clock.total)

    def committed(self, commit: Commit) -> None:
        """Book that what was played up to a checkpoint can no longer be lost."""
        self._kept, self._step = commit.extras.get("time", {}), commit.step
        self._folder.manifest.update(
            step=commit.step, state_sha256=commit.state_sha256, **self._books(self.clock.table())
        )

    def went_back(self, commit: Commit | None, reached: int) -> None:
        """Continue from a checkpoint, or from the start; what came after is lost."""
        self._kept = commit.extras.get("time", {}) if commit else {}
        self._step = commit.step if commit else 0
        self.clock.went_back(self._kept)
        self._record.tally.steps_lost += max(0, reached - self._step)

    def close(self, step: int, sealed: bool) -> None:
        """End the books.

        Args:
            step: The last round that was played.
            sealed: Whether it was committed; else what came after the last commit is lost.
        """
        if not self._chief:
            return
        table, tally = self.clock.table(), self._record.tally
        if not sealed:
            table = Clock(self._kept, table["total"]).table()
            lost = tally.steps_lost + max(0, step - self._step)
            tally = replace(tally, cut_off=tally.cut_off + 1, steps_lost=lost)
        self._record.write(step, table["total"], sealed)
        self._folder.manifest.update(**self._books(table, tally))

    def _books(self, table: Mapping[str, float], tally: Tally | None = None) -> dict[str, Any]:
        tally = tally or self._record.tally
        return {
            "time": table,
            "goodput": goodput(table),
            "sessions": {
                "count": tally.sessions,
                "cut_off": tally.cut_off,
                "steps_lost": tally.steps_lost,
            },
        }
