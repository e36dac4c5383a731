"""The training loop: compiled rounds up to the next boundary, then whatever is due there."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

from ..checkpoint import state_sha256
from ..errors import AdvnetsError, Interrupted
from ..game.state import state_variables, weight_names
from ..observe.callbacks import WatchingCallbacks
from ..observe.observer import Moment, View
from ..observe.window import Window
from ..safe_io.jsonable import to_jsonable
from .account import Account
from .callbacks import ChangingCallbacks
from .divergence import Divergence, DivergenceWatch
from .pace import CALLBACK, Pace
from .recovery import Recovery
from .rounds import Rounds
from .saver import Saver

log = logging.getLogger(__name__)


class TrainingLoop:
    """Play a game from its current round on.

    Where several workers play, each has a loop. They agree before every call, so that all play
    the same rounds and stop after the same one.

    Args:
        view: The game, its workers, and its observers.
        rounds: The compiled rounds.
        pace: How many of them a call has.
        callbacks: The Keras callbacks that change the game.
        watching: The other ones, which are among the observers.
        saver: What commits checkpoints.
        watch: What looks whether the game diverges.
        recovery: What puts it back then.
        account: Where time is booked.

    Attributes:
        ended_by: Which callback ended the run before its last round, in words.
    """

    def __init__(
        self,
        view: View,
        rounds: Rounds,
        pace: Pace,
        callbacks: ChangingCallbacks,
        watching: WatchingCallbacks,
        saver: Saver,
        watch: DivergenceWatch,
        recovery: Recovery,
        account: Account,
    ):
        self.view, self.rounds, self.pace, self.callbacks = view, rounds, pace, callbacks
        self.saver, self.watch, self.recovery, self.account = saver, watch, recovery, account
        self._remembering = {"changing": callbacks, "watching": watching}
        self._weights = weight_names(view.game)
        self._window = Window()
        self._drifted = False
        self.ended_by: str | None = None

    def run(self, total: int, commit_every: int, window: Window, restored: bool) -> int:
        """Play until the last round.

        Args:
            total: The last round.
            commit_every: Rounds between two checkpoints.
            window: Open averages, taken over when a run resumes.
            restored: Whether the game was restored from a checkpoint.

        Returns:
            The round that was played and committed last, an earlier one than ``total`` if a
            callback set ``game.stop_training``.

        Raises:
            Interrupted: After a stop request, the state committed.
            RunError: If the game diverged for good, or a checkpoint cannot be written.
        """
        self._window = window
        try:
            step = self._run(total, commit_every, restored)
        except BaseException:
            with contextlib.suppress(AdvnetsError):  # the first failure is the one to tell
                self.saver.finish()
            raise
        if self.pace.by_signal and step < total:
            raise Interrupted(
                f"stopped by {self.pace.stopped_by} after round {step}, state committed",
                hint="run the same command again to resume",
            )
        return step

    def _run(self, total: int, commit_every: int, restored: bool) -> int:
        step = int(self.view.game.rounds.numpy())
        committed = step if restored else None
        self.callbacks.begin(self.view.game, step)
        if step == 0:
            self.view.observers.observe(Moment(self.view, step, last=False, window=Window()))
        if not restored and self.view.recipe.settings.start.origins:
            self._commit(step)  # what the run began from may be gone when it goes back, or on
            committed = step
        while step < total and not self.pace.stopped_by:
            before, step = step, self._play_to(self._next_boundary(step, total, commit_every))
            if (divergence := self.watch.look(step, self._window)) is not None:
                committed = step = self._recover(divergence)
            elif step > before and self._stop_at(step, total, commit_every):
                committed = step
        if self.pace.stopped_by == CALLBACK and step < total:
            self.ended_by = self._ended_by() or f"a callback ended the run after round {step}"
            self._look_once_more(step)
        if committed != step:
            self._commit(step)
        self.view.workers.run_on_chief(self.saver.finish)
        self.callbacks.end(step)
        return step

    def _look_once_more(self, step: int) -> None:
        """Let those look who would after the last round, and did not look after this one."""
        moment = Moment(self.view, step, last=True, window=self._window)
        self.view.observers.observe(moment, missed=True)

    def _ended_by(self) -> str | None:
        return next((by for each in self._remembering.values() if (by := each.ended_by)), None)

    def _next_boundary(self, step: int, total: int, commit_every: int) -> int:
        """Return the first step after ``step`` at which anything is due."""
        own = (every for every in (commit_every, self.callbacks.every) if every)
        found = self.view.observers.next_boundary(step, total)
        return min([found, *(step - step % every + every for every in own)])

    def _play_to(self, boundary: int) -> int:
        """Play up to a boundary, or until anyone is to stop, or a sum is not finite."""
        game, notified = self.view.game, (self.callbacks, self.view.observers)
        step = int(game.rounds.numpy())
        single = any(each.single_rounds for each in notified)
        while step < boundary and (count := self.pace.next_call(boundary - step, single)):
            for each in notified:
                each.before_rounds(step)
            sums = self._call(count)
            step, count = (played := int(game.rounds.numpy())), played - step
            self._window.add(sums, count)
            for remembering in self._remembering.values():
                remembering.add(sums, count)
            self.account.alive(step)
            if self._window.not_finite():
                break
            self.watch.count_skips(sums, count)
            for each in notified:
                each.after_rounds(step, Window(count, sums).means())
        return step

    def _call(self, count: int) -> dict[str, float]:
        start, traces, clock = time.perf_counter(), self.rounds.traces, self.account.clock
        sums = clock.measure("training", partial(self.rounds.play, count))
        seconds = time.perf_counter() - start
        if self.rounds.traces > traces:  # It was compiled, which is not training yet.
            clock.rebook("training", "starting", seconds)
        if self.pace.speed == 0.0:
            clock.started()
        if self.pace.learn(count, seconds):
            self._window.time(count, seconds)
        return sums

    def _stop_at(self, step: int, total: int, commit_every: int) -> bool:
        """Do what is due at a step; whether its state is committed."""
        self.view.workers.run_on_chief(self.saver.poll)
        moment = Moment(self.view, step, step == total, self._window)
        self.view.observers.observe(moment)
        if moment.measured:
            self.callbacks.hear(moment.measured)
        self.callbacks.between_rounds(step, moment.last)
        due = self._is_best(moment) or moment.last or step % commit_every == 0
        if due:
            self._commit(step)
        return due

    def _is_best(self, moment: Moment) -> bool:
        """Tell whether a step has the best score so far; the same on all workers."""
        best, scores, workers = self.saver.best, moment.scores, self.view.workers
        if best is None or scores is None:
            return False
        failed = bool(self.view.guard.switched_off)
        found = workers.run_on_chief(lambda: best.consider(moment.step, scores, failed))
        return bool(workers.broadcast(found))

    def _commit(self, step: int) -> None:
        state = state_variables(self.view.game)
        self._reconcile(step, state)
        callbacks = {which: each.kept() for which, each in self._remembering.items()}
        extras: dict[str, Any] = {"window": self._window.kept(), "callbacks": callbacks}
        extras["weights"] = self._weights
        if (ended_by := self._ended_by()) is not None:
            named = self.view.recipe.settings.monitoring.callbacks
            extras["ended"] = {"by": ended_by, "callbacks": to_jsonable(named)}
        self.view.workers.run_on_chief(lambda: self.saver.save(step, state, extras))

    def _reconcile(self, step: int, state: Mapping[str, tf.Variable]) -> None:
        """Take the chief's state, as a restart would, where workers have drifted apart.

        They do not by themselves; layers that keep averages of their own on each replica
        show here, callbacks of chance, or devices of several kinds that do not round alike.
        """
        workers = self.view.workers
        if workers.count > 1 and (drifted := workers.find_differing(state_sha256(state))):
            if not self._drifted:
                log.warning(
                    "at step %d the state of worker %s was not the chief's; it takes the "
                    "chief's at every checkpoint",
                    *(step, ", ".join(map(str, drifted))),
                )
            self._drifted = True
            workers.broadcast_variables(state)

    def _recover(self, divergence: Divergence) -> int:
        """Have the game put back; the round that it is at then."""
        self._window, kept = self.recovery(divergence)
        step = int(self.view.game.rounds.numpy())
        for which, each in self._remembering.items():
            each.go_back(step, kept.get(which, {}))
        self.watch.forget()
        return step
