"""What is done about a game that is no longer sound: go back and play on more slowly, or stop."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import tensorflow as tf

from ..data.feed.feed import Feed
from ..distribute.workers import Team
from ..errors import AdvnetsError, RunError
from ..evaluate import drop_after
from ..game import AdversarialGame
from ..game.state import state_variables
from ..monitor import Monitor
from ..runs import RunFolder
from .account import Account
from .divergence import Unsound
from .saver import Saver
from .window import Window

MOST = 100
"""Divergences that a manifest keeps: a run that always stops at one place adds one every time."""


class Recovery:
    """Takes the game back to its newest sound checkpoint, where the recipe allows it.

    Every rollback is written into the manifest before it is made, with the checkpoint that it
    leads to. Wherever the game is put back to that checkpoint, after a rollback or in another
    sitting, the learning rates are multiplied by the factor as often as the manifest says.
    So a run that is killed after a rollback goes on as if it had not been.

    Args:
        settings: The recipe's ``health``.
        game: The game.
        folder: The run's folder.
        saver: What commits checkpoints.
        team: The workers.
        account: Where the time played in vain is booked.
        monitor: Who is told; what it recorded after the checkpoint is dropped.
        feed: Where examples come from.
        anew: Gives the state that the recipe starts from.
        suspects: What plugins brought into the rounds, in words.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        game: AdversarialGame,
        folder: RunFolder,
        saver: Saver,
        team: Team,
        account: Account,
        monitor: Monitor,
        feed: Feed,
        anew: Callable[[], Mapping[str, tf.Variable]],
        suspects: Sequence[str] = (),
    ):
        self._settings, self._game, self._folder, self._saver = settings, game, folder, saver
        self._team, self._account, self._monitor = team, account, monitor
        self._feed, self._anew, self._suspects = feed, anew, suspects

    def __call__(self, unsound: Unsound) -> Window:
        """Go back.

        Returns:
            The open averages of the round that the game is at now.

        Raises:
            RunError: If the recipe forbids it, or it was done often enough; the manifest says
                what was found.
        """
        told = self._team.hear(self._team.lead(lambda: self._go_back(unsound)))
        state = state_variables(self._game)
        if told["anew"]:  # by all, since workers meet where variables are made
            for name, variable in self._anew().items():
                state[name].assign(variable)
            if self._team.chief:
                slow_down(self._game, self._folder)
        self._team.hand_out(state)
        self._feed.seek(int(self._game.rounds.numpy()))
        return Window(**told["window"])

    def _go_back(self, unsound: Unsound) -> dict[str, Any]:
        """Return the chief's part: all but a new start."""
        self._saver.finish()
        done = rollbacks(self._folder)
        if self._settings["policy"] != "rollback" or len(done) >= self._settings["rollbacks"]:
            raise self.stop(unsound)
        newest = self._saver.store.newest()
        step = newest.step if newest else 0
        factor = self._settings["learning_rate_factor"]
        self._note(unsound, "rolled back", {"back_to": step, "learning_rate_factor": factor})
        forget_scores(self._folder, step)
        if newest is not None:
            self._saver.store.restore(newest, state_variables(self._game))
            slow_down(self._game, self._folder)
        if self._saver.best is not None:
            self._saver.best.go_back(newest.extras.get("best") if newest else None)
        self._account.went_back(newest, unsound.step)
        self._monitor.go_back(step)
        self._monitor.note(
            f"{unsound}; back to step {step}, learning rates × {factor:g} "
            f"(rollback {len(done) + 1} of {self._settings['rollbacks']})",
            "bold yellow",
        )
        return {
            "anew": newest is None,
            "window": newest.extras.get("window", {}) if newest else {},
        }

    def stop(self, unsound: Unsound) -> RunError:
        """Return the error that ends the run; the manifest is told what was found."""
        with contextlib.suppress(AdvnetsError):
            self._saver.finish()
        self._note(unsound, "stopped", None)
        kept = self._saver.store.steps()
        last = f"the last checkpoint is of step {kept[-1]}" if kept else "nothing was committed"
        times = len(rollbacks(self._folder))
        suspects = ", ".join(self._suspects)
        tried = f", after {times} rollback{'s' * (times > 1)}" if times else ""
        return RunError(
            f"the game diverged{tried}: {unsound}; {last}",
            where=str(self._folder.path),
            hint="lower the learning rates, or look at the gradient norms in the report; "
            "a larger health.rollbacks lets the same command go on"
            + (f"; of plugins there are in the rounds: {suspects}" if suspects else ""),
        )

    def _note(self, unsound: Unsound, did: str, more: Mapping[str, Any] | None) -> None:
        entry = {**asdict(unsound), "did": did, **(more or {})}
        self._folder.manifest.update(divergences=[*divergences(self._folder)[1 - MOST :], entry])


def forget_scores(folder: RunFolder, step: int) -> None:
    """Remove scores of rounds after ``step`` from the manifest: they will be played again."""
    scores = folder.manifest.data.get("scores") or []
    if drop_after(scores, step) != scores:
        folder.manifest.change(lambda data: {"scores": drop_after(data.get("scores") or [], step)})


def divergences(folder: RunFolder) -> list[dict[str, Any]]:
    """Return what the manifest says of them, the first one first."""
    return list(folder.manifest.get("divergences") or [])


def rollbacks(folder: RunFolder) -> list[dict[str, Any]]:
    """Return those of them after which the run went back."""
    return [entry for entry in divergences(folder) if "back_to" in entry]


def slow_down(game: AdversarialGame, folder: RunFolder) -> None:
    """Give a game that was put back to a checkpoint the learning rates it goes on with.

    Args:
        game: The game, at that checkpoint, or at its start.
        folder: The run's folder. What its manifest says of rollbacks to later checkpoints is
            removed: they are no longer in the past.
    """
    step = int(game.rounds.numpy())
    found = divergences(folder)
    past = [entry for entry in found if entry.get("back_to", 0) <= step]
    if past != found:
        folder.manifest.update(divergences=past)
    here = [entry["learning_rate_factor"] for entry in past if entry.get("back_to") == step]
    if here:
        game.slow_down(math.prod(here))
