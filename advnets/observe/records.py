"""Records: the lines of metrics.jsonl, from which a run's report is made."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ..game import PLAYERS
from ..safe_io.jsonable import to_jsonable
from .observer import Moment, Observer, View

log = logging.getLogger(__name__)


class Records(Observer):
    """Make a line of metrics.jsonl of what rounds have logged, and keep all lines there.

    A line has ``step``, ``time`` (seconds since 1970), the means over the rounds since the line
    before, what other observers have added to it, the learning rates, and the speed. Failing to
    keep a line is an error: the report is made of them.

    Args:
        every: Rounds between two lines.
    """

    name = "records"
    everywhere = True  # a new line begins on all workers, and none goes on if the chief fails
    essential = True

    def __init__(self, every: int):
        self.every = every

    def start(self, view: View, step: int) -> None:
        """Drop the lines of later rounds."""
        self._view = view
        self.rewind(step)
        if view.workers.is_chief and step >= self.every:
            metrics = view.folder.metrics
            if next(metrics.stream(), None) is None:
                log.warning("%s has no lines of the %s rounds before", metrics.path, f"{step:,}")

    def observe(self, moment: Moment) -> None:
        """Make a line, and begin the next."""
        record: dict[str, Any] = {"step": moment.step, "time": time.time()}
        record |= {**moment.means, **moment.window.seen}
        for name, optimizer in moment.view.game.optimizers.items():
            # Not float() at once: under a strategy the rate may be a mirrored variable.
            rate = tf.convert_to_tensor(optimizer.learning_rate)
            record[f"{name[0] if name in PLAYERS else name}_learning_rate"] = float(rate)
        record["steps_per_second"] = moment.window.speed
        moment.window.clear()
        self._view.workers.run_on_chief(lambda: self._view.observers.record(to_jsonable(record)))

    def record(self, record: Mapping[str, Any]) -> None:
        """Append a line."""
        if self._view.workers.is_chief:
            self._view.folder.metrics.append(dict(record))

    def rewind(self, step: int) -> None:
        """Drop the lines of rounds after ``step``."""
        if self._view.workers.is_chief:
            self._view.folder.metrics.truncate(step)
