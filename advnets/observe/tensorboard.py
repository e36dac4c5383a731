"""TensorBoard: lines, pictures and the recipe of a run, in event files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..monitor.tensorboard import EventLog
from ..runs.changes import describe_change
from .observer import Observer, View


class TensorBoard(Observer):
    """Write what other observers have made into event files."""

    name = "TensorBoard"

    def start(self, view: View, step: int) -> None:
        """Drop the events of later rounds, and write the recipe."""
        self._view = view
        self._events = EventLog(view.folder.tensorboard, step)
        self._events.recipe(step, view.recipe.to_yaml(), view.recipe.data)
        if changes := view.folder.changes:
            lines = [f"from round {each['from']:,} on: {describe_change(each)}" for each in changes]
            self._events.changes(step, lines)

    def record(self, record: Mapping[str, Any]) -> None:
        """Write the numbers of a line, or the scores in it."""
        self._events.record(record)

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Write a callback's numbers."""
        self._events.values(step, values)

    def picture(self, step: int, name: str, path: Path) -> None:
        """Write a picture."""
        self._events.image(step, name, path)

    def rewind(self, step: int) -> None:
        """Drop the events of rounds after ``step``."""
        self._events.close(succeeded=True)
        self.start(self._view, step)

    def finish(self, step: int, status: str) -> None:
        """Write how the run ended, and all that is buffered."""
        self._events.close(succeeded=status != "failed")
