"""The progress of a run on the screen: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..log import terminal
from ..safe_io import printable
from ..safe_io.wording import duration

log = logging.getLogger(__name__)

EQUILIBRIUM = -math.log(4)
"""V(D, G) at the game's equilibrium (Goodfellow et al. 2014, theorem 1)."""

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines, at least: logs are read afterwards, by people."""
SMOOTHING = 0.3
REFRESHES = 2
"""Times a second that the live display is redrawn: the clock ticks, and nothing flickers."""


def describe(record: Mapping[str, Any]) -> list[str]:
    """Return the parts of a record that the progress line shows, undefined ones left out.

    >>> describe({"d_loss": 1.5, "g_loss": 0.7, "value": -1.25, "d_accuracy_real": 0.75,
    ...           "d_accuracy_fake": 0.5})
    ['D 1.5000', 'G 0.7000', 'V -1.2500 (-log 4 = -1.3863)', 'D right on 75% real 50% fake']
    >>> describe({"d_loss": 8.0, "g_loss": 3.25, "energy_real": 2.5, "energy_fake": 3.25})
    ['D 8.0000', 'G 3.2500', 'energy 2.500 real 3.250 fake']
    """

    def has(*keys: str) -> bool:
        return all(record.get(key) is not None for key in keys)

    parts = [f"{key[0].upper()} {record[key]:.4f}" for key in ("d_loss", "g_loss") if has(key)]
    if has("value"):
        parts.append(f"V {record['value']:.4f} (-log 4 = {EQUILIBRIUM:.4f})")
    elif has("energy_real", "energy_fake"):
        parts.append(f"energy {record['energy_real']:.3f} real {record['energy_fake']:.3f} fake")
    if has("d_accuracy_real", "d_accuracy_fake"):
        parts.append(
            f"D right on {record['d_accuracy_real']:.0%} real {record['d_accuracy_fake']:.0%} fake"
        )
    return parts


class Progress:
    """Show the step, what :func:`describe` returns for it, the speed and the time left.

    A terminal that the log is shown on gets a display that redraws itself, below the log;
    anywhere else the log gets plain lines.

    Args:
        name: The run's name.
        total: The step at which the run ends.
        interval: Seconds between two plain lines, at least; the first and the last record
            are always printed.
        clock: Returns seconds; for tests.
    """

    def __init__(
        self,
        name: str,
        total: int,
        *,
        interval: float = PLAIN_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.name = name
        self.total = total
        self.interval = interval
        self.clock = clock
        self.step = 0
        self.record: Mapping[str, Any] = {}
        self._speed: float | None = None
        self._updated = self._printed = -math.inf
        self._live: Live | None = None

    def start(self, step: int) -> None:
        """Show the display, at ``step``."""
        self.step = step
        self._updated = self.clock()
        console = terminal()
        if console and not self._live:
            how: dict[str, Any] = {"console": console, "refresh_per_second": REFRESHES}
            self._live = Live(get_renderable=self._render, **how)
            with contextlib.suppress(OSError, ValueError):  # a closed terminal
                self._live.start()

    def update(self, record: Mapping[str, Any]) -> None:
        """Show a record."""
        self.step = int(record["step"])
        self.record = record
        speed = record.get("steps_per_second")
        if speed:
            old = self._speed
            self._speed = speed if old is None else old + SMOOTHING * (speed - old)
        self._updated = self.clock()
        due = self.step >= self.total or self._updated - self._printed >= self.interval
        if due and not self._live:
            self._printed = self._updated
            step = f"step {self.step}/{self.total}"
            log.info("  ".join([step, *describe(record), *self._pace()]))

    def stop(self) -> None:
        """Take the display down, leaving its last state on the screen."""
        if self._live:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()
            self._live = None

    def _pace(self) -> list[str]:
        if not self._speed:
            return []
        left = (self.total - self.step) / self._speed - (self.clock() - self._updated)
        pace = [f"{self._speed:.1f} steps/s"]
        return pace if self.step >= self.total else [*pace, f"{duration(left)} left"]

    def _render(self) -> RenderableType:
        row = Table.grid(padding=(0, 2))
        row.add_row(
            Text(printable(self.name, lines=False), style="bold"),
            ProgressBar(max(self.total, 1), self.step, width=24, complete_style="cyan"),
            Text(f"{self.step:,}/{self.total:,}"),
            *(Text(part, style="cyan") for part in self._pace()),
        )
        parts = describe(self.record)
        return Group(row, Text("   ".join(parts), style="dim")) if parts else row
