"""Progress: what a person sees of a run while it is played."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..monitor.progress import Progress
from .observer import Observer, View

log = logging.getLogger(__name__)

ENDINGS = {
    "finished": ("finished at step %s", "bold green"),
    "failed": ("failed at step %s", "bold red"),
}
"""What is said of a run's end; of one that is interrupted, the error says all."""


class ProgressLine(Observer):
    """Show the step, the losses, the speed and the time left.

    Args:
        name: The run's name.
        total: The step at which it ends.
    """

    name = "progress"

    def __init__(self, name: str, total: int):
        self._progress = Progress(name, total)

    def start(self, view: View, step: int) -> None:
        """Show the display, at ``step``."""
        self._progress.start(step)

    def record(self, record: Mapping[str, Any]) -> None:
        """Show a line of metrics.jsonl; scores have been said."""
        if "scores" not in record:
            self._progress.update(record)

    def rewind(self, step: int) -> None:
        """Go back to ``step``."""
        self._progress.start(step)

    def finish(self, step: int, status: str) -> None:
        """Take the display down, and say how the run ended."""
        self._progress.stop()
        if status in ENDINGS:
            text, style = ENDINGS[status]
            log.info(text, f"{step:,}", extra={"style": style})
