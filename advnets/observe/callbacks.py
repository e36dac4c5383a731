"""Keras callbacks that watch a run: called at its moments, each switched off when it fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..checkpoint import state_sha256
from ..errors import AdvnetsError, PluginError
from ..game import AdversarialGame
from ..game.state import state_variables
from ..safe_io.atomic import write_atomically
from .monitors import Monitors
from .observer import Moment, Observer, View
from .window import Window

ON_BATCHES = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_batch_begin",
    "on_batch_end",
)
EPOCH, SUMS, MEASURED, BETTER = "epoch", "epoch's sums", "epoch's scores", "better"
"""Under which names checkpoints keep what belongs to the epoch, and to no callback."""


class KerasMoments:
    """Call Keras callbacks, in their order, at the moments of a run that theirs correspond to.

    A batch is a round, or as many as one compiled call plays; an epoch is as many rounds as show
    D every training example once.

    What an epoch logged is the means over its rounds, and the scores that were measured in it.

    Args:
        callbacks: The callbacks.
        epoch: Rounds in an epoch.
        kept: What :meth:`kept` returned at the checkpoint that the run resumes from.
        total: Rounds of the run.

    Attributes:
        every: The same as ``epoch``; 0 where there are no callbacks.
        single_rounds: Whether any of them acts on batches, and so wants every round by itself.
        ended_by: Which of them set ``game.stop_training``, in words.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        epoch: int,
        kept: Mapping[str, Any] | None = None,
        total: int = 0,
    ):
        self._callbacks = list(callbacks)
        self._epoch = epoch
        self._params = {"verbose": 0, "epochs": max(1, -(-total // epoch)), "steps": epoch}
        self._kept = dict(kept or {})
        self._by_place = {f"{i} {type(c).__name__}": c for i, c in enumerate(callbacks)}
        self._at_first: dict[str, dict[str, Any]] = {}
        self._monitors = Monitors(self._by_place)
        self._window, self._scores = Window(), dict[str, float]()
        self._begun = False
        self.every = epoch if self._callbacks else 0
        self.single_rounds = self._act_on_batches()
        self.ended_by: str | None = None

    def check(self, logged: Sequence[str], scored: Sequence[str]) -> None:
        """Refuse callbacks that monitor what a run does not log; see :meth:`Monitors.check`."""
        self._monitors.check(logged, scored)

    def begin(self, game: AdversarialGame, step: int) -> None:
        """Begin at ``step``: in an epoch that has begun before, where the run resumes in one."""
        self._game = game
        for callback in self._callbacks:
            if isinstance(callback, keras.callbacks.CSVLogger) and step:
                _continue(callback, step // self._epoch)
        self._call(step, "set_params", self._params)
        self._call(step, "set_model", game)
        self._call(step, "on_train_begin")
        self._monitors.settle(self._kept.get(BETTER, {}))
        self._at_first = {place: _numbers(each) for place, each in self._by_place.items()}
        if self._kept.get(EPOCH, {}).get("begun"):
            self._begin_epoch(step)
        self._go_on(step, self._kept)

    def before_rounds(self, step: int) -> None:
        """Begin a batch."""
        self._call(step, "on_train_batch_begin", step)

    def after_rounds(self, step: int, means: Mapping[str, float]) -> None:
        """End a batch."""
        self._call(step, "on_train_batch_end", step - 1, dict(means))

    def add(self, sums: Mapping[str, float], rounds: int) -> None:
        """Take notice of what rounds logged, summed."""
        self._window.add(dict(sums), rounds)

    def hear(self, scores: Mapping[str, tuple[float, str | None]]) -> None:
        """Take notice of scores, and of which values of them are better."""
        self._scores |= {name: value for name, (value, _) in scores.items()}
        for place in self._monitors.hear(scores):  # its sign is no state: it is settled again
            self._at_first[place]["min_delta"] = self._by_place[place].min_delta

    def between_rounds(self, step: int, last: bool) -> None:
        """End an epoch, and begin the next, where one ends at ``step``."""
        if step % self._epoch == 0 and self._callbacks:
            logs = self._window.means() | self._scores
            self._window, self._scores, self._begun = Window(), {}, False
            self._call(step, "on_epoch_end", step // self._epoch - 1, logs)
            if not last:
                self._begin_epoch(step)

    def end(self, step: int) -> None:
        """End."""
        self._call(step, "on_train_end")

    def kept(self) -> dict[str, dict[str, Any]]:
        """Return the numbers among the callbacks' attributes that changed since training began,
        and what belongs to the epoch.

        So an ``EarlyStopping`` has its ``wait`` and its ``best``, and no parameter is taken for
        state. A number is what is one, or ``None``, when training begins; NaN and infinities are
        text, since JSON has no words for them.
        """
        found = {}
        for place, first in self._at_first.items():
            now = _numbers(self._by_place[place])
            changed = {k: now[k] for k, value in first.items() if now.get(k, value) != value}
            if changed:
                found[place] = changed
        if self._callbacks:
            found[EPOCH] = {"begun": self._begun, "rounds": self._window.rounds}
            found[SUMS], found[MEASURED] = dict(self._window.sums), dict(self._scores)
            found[BETTER] = dict(self._monitors.better)
        return found

    def go_back(self, step: int, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Be at the checkpoint of ``step``, or at the start, again.

        Args:
            step: The round.
            kept: What :meth:`kept` returned then; nothing at the start.
        """
        self._go_on(step, kept)
        for callback in self._callbacks:  # whose flags are those of the beginning again
            if isinstance(callback, keras.callbacks.CSVLogger):
                _continue(callback, step // self._epoch)
                callback.on_train_begin()  # it opens its file, which is another one by now

    def _go_on(self, step: int, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from a checkpoint; begin the epoch unless it was begun."""
        epoch = kept.get(EPOCH, {})
        self._window = Window(epoch.get("rounds", 0), dict(kept.get(SUMS, {})))
        self._scores = dict(kept.get(MEASURED, {}))
        self.restore(kept)
        self._begun = bool(epoch.get("begun"))
        if not self._begun:
            self._begin_epoch(step)

    def restore(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Give the callbacks the numbers that they had; all else as when training began."""
        for place, first in self._at_first.items():
            numbers = first | {k: v for k, v in kept.get(place, {}).items() if k in first}
            for name, value in numbers.items():
                setattr(
                    self._by_place[place], name, float(value) if isinstance(value, str) else value
                )

    def _begin_epoch(self, step: int) -> None:
        self._begun = True
        self._call(step, "on_epoch_begin", step // self._epoch)

    def _act_on_batches(self) -> bool:
        return any(
            not getattr(getattr(callback, name), "_is_default", False)
            for callback in self._callbacks
            for name in ON_BATCHES
        )

    def _call(self, step: int, method: str, *arguments: Any) -> None:
        for callback in list(self._callbacks):
            self._call_one(callback, step, method, *arguments)

    def _call_one(
        self, callback: keras.callbacks.Callback, step: int, method: str, *arguments: Any
    ) -> None:
        if method == "on_epoch_end" and self._monitors.lacks(callback, arguments[1]):
            return  # a ModelCheckpoint would save what is not the best, others would complain
        stopped = getattr(self._game, "stop_training", False)
        getattr(callback, method)(*arguments)
        if getattr(self._game, "stop_training", False) and not stopped:
            watched = getattr(callback, "monitor", None)
            what = f", which monitors {watched}," if watched else ""
            self.ended_by = f"{type(callback).__name__}{what} ended the run after round {step}"


class WatchingCallbacks(KerasMoments, Observer):
    """Call Keras callbacks that do not change the game.

    Each is switched off by itself, on its own worker. An :class:`advnets.AdvnetsError` ends the
    run: whoever raises that means to. Where an epoch ends first, it is looked whether one changed
    the game after all; that reads the whole state, and is not repeated.
    """

    everywhere = True
    essential = True  # it switches off its callbacks, never itself
    _looked = False

    def start(self, view: View, step: int) -> None:
        """Begin training, and an epoch."""
        self._guard = view.guard
        self.begin(view.game, step)

    def observe(self, moment: Moment) -> None:
        """End an epoch."""
        if moment.measured:
            self.hear(moment.measured)
        self.between_rounds(moment.step, moment.last)

    def finish(self, step: int, status: str) -> None:
        """End training, unless it failed."""
        if status != "failed":
            self.end(step)

    def _call(self, step: int, method: str, *arguments: Any) -> None:
        for callback in list(self._callbacks):
            who = f"callback {type(callback).__name__}, in {method},"
            while who in self._guard.switched_off:  # by another of its kind
                who = f"another {who}"
            work = partial(self._call_one, callback, step, method, *arguments)
            first = method == "on_epoch_end" and not self._looked
            before = state_sha256(state_variables(self._game)) if first else ""
            self._guard.attempt(who, step, work, fatal=(AdvnetsError,))
            if first and state_sha256(state_variables(self._game)) != before:
                raise PluginError(
                    f"the callback {type(callback).__name__} changed the game at the end of an "
                    "epoch, and does not say so: the run's identity is that of a run without it",
                    hint="declare changes_game = True in the class, and changes_game=True in its "
                    "Component",
                    module=type(callback).__module__,
                )
            if who in self._guard.switched_off:
                self._callbacks.remove(callback)
                self.single_rounds = self._act_on_batches()
        self._looked |= method == "on_epoch_end"


def _continue(logger: keras.callbacks.CSVLogger, epoch: int) -> None:
    """Have a file be continued, without its rows of epochs that are played again.

    Rows of something else that it was given before (``append=True``) stay.
    """
    logger.append = True
    path = Path(logger.filename)
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept, after = len(lines), math.inf
    while kept:
        number = lines[kept - 1].partition(logger.sep)[0]
        if not number.isdigit() or not epoch <= int(number) < after:
            break
        kept, after = kept - 1, int(number)
    if kept < len(lines):
        write_atomically(path, "".join(lines[:kept]))


def _numbers(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Return those attributes of a callback that are numbers or ``None``, fit for JSON."""
    found: dict[str, Any] = {}
    for name, value in vars(callback).items():
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, float) and not math.isfinite(plain):
            found[name] = str(plain)
        elif plain is None or isinstance(plain, bool | int | float):
            found[name] = plain
    return found
