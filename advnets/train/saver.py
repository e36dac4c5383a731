"""When the game's state is kept: copied at once, written to disk while training goes on."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..checkpoint import BackgroundWriter, CheckpointStore, Commit, snapshot
from ..safe_io.atomic import flush
from .best import Best
from .clock import Clock


class Saver:
    """Commits checkpoints, one at a time, in a thread of its own.

    Training waits for the copy only, and for the checkpoint before it if that is not on
    disk yet: there is never more than one copy. What went wrong is raised by the next call.

    Args:
        store: Where checkpoints go.
        clock: Where the waiting is booked.
        committed: Called with each commit, in the caller's thread, once it is on disk.
        best: The best checkpoint so far, which is kept; ``None`` if none is asked for.
        first: Whether the checkpoint of round 0 is kept, without which a run that started from
            other weights could not begin again.
        companion: A file to flush to disk before each commit, if it is there: a machine that
            fails must not keep a checkpoint, but lose what was logged up to it.
        carried: Returns what else every checkpoint carries of the run, as extras.
    """

    def __init__(
        self,
        store: CheckpointStore,
        clock: Clock,
        committed: Callable[[Commit], None],
        best: Best | None = None,
        companion: Path | None = None,
        carried: Callable[[], Mapping[str, Any]] = dict,
        first: bool = False,
    ):
        self.store, self.clock, self.best = store, clock, best
        self._companion, self._carried = companion, carried
        self._writer = BackgroundWriter(committed)
        self._first = first
        self._spare()

    def save(self, step: int, state: Mapping[str, tf.Variable], extras: Mapping[str, Any]) -> None:
        """Copy the state and begin to commit it.

        Args:
            step: The number of rounds played.
            state: Variables by name.
            extras: What else to keep; the time spent and the best so far are added.

        Raises:
            RunError: If the checkpoint before could not be written.
        """
        self.clock.measure("saving", lambda: self._save(step, state, extras))

    def poll(self) -> None:
        """Take notice of a checkpoint that is on disk by now.

        Raises:
            RunError: If it could not be written.
        """
        self.clock.measure("saving", self._writer.poll)

    def finish(self) -> None:
        """Wait until everything is on disk.

        Raises:
            RunError: If it could not be written.
        """
        self.clock.measure("saving", self._writer.finish)

    def _save(self, step: int, state: Mapping[str, tf.Variable], extras: Mapping[str, Any]) -> None:
        self._writer.finish()
        # Copied like the state: training goes on with both while they are written.
        kept = {**copy.deepcopy(dict(extras)), "time": self.clock.spent(), **self._carried()}
        if self.best is not None:
            kept["best"] = self.best.kept()
            self._spare()  # read by the thread, which is at rest
        self._writer.submit(partial(self._commit, step, snapshot(state), kept))

    def _spare(self) -> None:
        best = None if self.best is None else self.best.step
        kept = {0 if self._first else None, best}
        self.store.spared = {step for step in kept if step is not None}

    def _commit(
        self, step: int, state: Mapping[str, tf.Variable], extras: Mapping[str, Any]
    ) -> Commit:
        with contextlib.suppress(OSError):
            if self._companion is not None:
                flush(self._companion)
        return self.store.commit(step, state, extras)
