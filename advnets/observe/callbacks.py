"""Keras callbacks that watch a run: called at its moments, each switched off when it fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from ..checkpoint import state_sha256
from ..errors import AdvnetsError, PluginError
from ..game import AdversarialGame
from ..game.state import state_variables
from .observer import Moment, Observer, View

ON_BATCHES = ("on_train_batch_begin", "on_train_batch_end")


class KerasMoments:
    """Call Keras callbacks, in their order, at the moments of a run that theirs correspond to.

    A batch is a round, or as many as one compiled call plays; an epoch is as many rounds as show
    D every training example once.

    Args:
        callbacks: The callbacks.
        epoch: Rounds in an epoch.
        kept: What :meth:`kept` returned at the checkpoint that the run resumes from.

    Attributes:
        every: The same; 0 where there are no callbacks.
        single_rounds: Whether any of them acts on batches, and so wants every round by itself.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        epoch: int,
        kept: Mapping[str, Any] | None = None,
    ):
        self._callbacks = list(callbacks)
        self._epoch = epoch
        self._kept = kept or {}
        self._by_place = {f"{i} {type(c).__name__}": c for i, c in enumerate(callbacks)}
        self._at_first: dict[str, dict[str, Any]] = {}
        self.every = epoch if self._callbacks else 0
        self.single_rounds = self._act_on_batches()

    def begin(self, game: AdversarialGame, step: int) -> None:
        """Begin at ``step``."""
        self._call(step, "set_model", game)
        self._call(step, "on_train_begin")
        self._at_first = {place: _numbers(each) for place, each in self._by_place.items()}
        if self._kept:
            self.restore(self._kept)
        self._call(step, "on_epoch_begin", step // self._epoch)

    def before_rounds(self, step: int) -> None:
        """Begin a batch."""
        self._call(step, "on_train_batch_begin", step)

    def after_rounds(self, step: int, means: Mapping[str, float]) -> None:
        """End a batch."""
        self._call(step, "on_train_batch_end", step - 1, dict(means))

    def between_rounds(self, step: int, last: bool, means: Mapping[str, float]) -> None:
        """End an epoch, and begin the next, where one ends at ``step``."""
        if step % self._epoch == 0:
            self._call(step, "on_epoch_end", step // self._epoch - 1, dict(means))
            if not last:
                self._call(step, "on_epoch_begin", step // self._epoch)

    def end(self, step: int) -> None:
        """End."""
        self._call(step, "on_train_end")

    def kept(self) -> dict[str, dict[str, Any]]:
        """Return the numbers among the callbacks' attributes that changed since training began.

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
        return found

    def restore(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Give the callbacks the numbers that they had; all else as when training began."""
        for place, first in self._at_first.items():
            numbers = first | {k: v for k, v in kept.get(place, {}).items() if k in first}
            for name, value in numbers.items():
                setattr(
                    self._by_place[place], name, float(value) if isinstance(value, str) else value
                )

    def _act_on_batches(self) -> bool:
        base = keras.callbacks.Callback
        return any(
            getattr(type(callback), name) is not getattr(base, name)
            for callback in self._callbacks
            for name in ON_BATCHES
        )

    def _call(self, step: int, method: str, *arguments: Any) -> None:
        for callback in list(self._callbacks):
            getattr(callback, method)(*arguments)


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
        self._guard, self._game = view.guard, view.game
        self.begin(view.game, step)

    def observe(self, moment: Moment) -> None:
        """End an epoch."""
        self.between_rounds(moment.step, moment.last, moment.means)

    def finish(self, step: int, status: str) -> None:
        """End training, unless it failed."""
        if status != "failed":
            self.end(step)

    def _call(self, step: int, method: str, *arguments: Any) -> None:
        for callback in list(self._callbacks):
            who = f"callback {type(callback).__name__}, in {method},"
            while who in self._guard.switched_off:  # by another of its kind
                who = f"another {who}"
            work = partial(getattr(callback, method), *arguments)
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
