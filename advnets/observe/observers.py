"""The observers of a run, in one list: for each, if it is due, run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .guard import Guard
from .observer import Moment, Observer, View


class Observers:
    """Run the observers of a session, in their order, each as long as it does not fail.

    Args:
        observers: The observers.
        guard: What keeps those that fail from ending the run.
        is_chief: Whether this process is the chief: only there do all of them run.
    """

    def __init__(self, observers: Iterable[Observer], guard: Guard, is_chief: bool):
        self._guard = guard
        self._all = list(observers)
        self._here = [each for each in self._all if is_chief or each.everywhere]
        self._cadences = sorted({each.every for each in self._all} - {0})  # equal on all workers

    @property
    def single_rounds(self) -> bool:
        """Whether any of them is called around every single round."""
        return any(each.single_rounds for each in self._active())

    def next_boundary(self, step: int, total: int) -> int:
        """Return the first step after ``step`` at which any of them is due, on any worker."""
        return min([total, *(step - step % every + every for every in self._cadences)])

    def start(self, view: View, step: int) -> None:
        """Begin all at ``step``; look at the game before its first round."""
        self._each("start", step, view, step)

    def before_rounds(self, step: int) -> None:
        """Tell all that rounds are about to be played."""
        self._each("before_rounds", step, step)

    def after_rounds(self, step: int, means: Mapping[str, float]) -> None:
        """Tell all that rounds have been played."""
        self._each("after_rounds", step, step, means)

    def observe(self, moment: Moment, missed: bool = False) -> None:
        """Run those that are due; where ``missed``, only those whose cadence the step is not in."""
        self._guard.agree([str(each) for each in self._all if each.everywhere])
        for each in self._active():
            looked = missed and each.every and moment.step % each.every == 0
            due = each.due(moment.step, moment.last) and not looked
            if due and (moment.step or each.from_start):
                self._run(each, moment.step, partial(each.observe, moment))

    def record(self, record: Mapping[str, Any]) -> None:
        """Hand a line of metrics.jsonl to all."""
        self._each("record", int(record["step"]), record)

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Hand numbers by tag to all."""
        self._each("values", step, step, values)

    def picture(self, step: int, name: str, path: Path) -> None:
        """Hand a picture to all."""
        self._each("picture", step, step, name, path)

    def rewind(self, step: int) -> None:
        """Have all drop what they kept of rounds after ``step``."""
        self._each("rewind", step, step)

    def finish(self, step: int, status: str) -> None:
        """End all."""
        self._each("finish", step, step, status)

    def _active(self) -> list[Observer]:
        return [each for each in self._here if str(each) not in self._guard.switched_off]

    def _each(self, method: str, step: int, *arguments: Any) -> None:
        base = getattr(Observer, method)
        for each in self._active():
            if getattr(type(each), method) is not base:
                self._run(each, step, partial(getattr(each, method), *arguments))

    def _run(self, each: Observer, step: int, work: Callable[[], Any]) -> None:
        if each.essential:
            work()
        else:
            self._guard.attempt(str(each), step, work)
