"""Recovery: a game that has diverged goes back and plays on more slowly, or stops."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..errors import AdvnetsError, RunError
from ..evaluate import drop_after
from ..game import AdversarialGame
from ..game.state import state_variables
from ..observe.observer import View
from ..observe.window import Window
from ..plugins.attribution import describe_owners
from ..recipe import Recipe
from ..recipe.slots import SLOTS
from ..runs import RunFolder, to_carry
from ..runs.changes import add_changes
from ..runs.played_with import add_played_with
from .account import Account
from .build import build_game
from .divergence import Divergence
from .rounds import Rounds
from .saver import Saver

log = logging.getLogger(__name__)

MOST = 100
"""Divergences that a manifest keeps: a run that always stops at one place adds one every time."""
PATHS = {
    "latent": "priors",
    "generator": "architectures",
    "discriminator": "architectures",
    "loss": "losses",
    "penalties": "penalties",
    "augmentations": "augmentations",
    "updates": "updates",
    "optimizers.generator": "optimizers",
    "optimizers.discriminator": "optimizers",
}
"""Where a recipe names what is part of a compiled round, and of what kind it is."""


class Recovery:
    """Take the game back to its newest sound checkpoint, where the recipe allows it.

    Every rollback is written into the manifest before it is made, with the checkpoint that it
    leads to. Wherever the game is put back to that checkpoint, after a rollback or in another
    session, the learning rates are multiplied by the factor as often as the manifest says.
    So a run that is killed after a rollback goes on as if it had not been.

    Args:
        view: The game, its recipe, its folder, its workers and its observers, which drop what
            they recorded after the checkpoint.
        rounds: The compiled rounds, which draw their examples from the round gone back to.
        saver: What commits checkpoints.
        account: Where the time played in vain is booked.
    """

    def __init__(self, view: View, rounds: Rounds, saver: Saver, account: Account):
        self._view, self._rounds, self._saver, self._account = view, rounds, saver, account
        self._game, self._folder, self._workers = view.game, view.folder, view.workers
        self._settings = view.recipe.settings.health

    def __call__(self, divergence: Divergence) -> tuple[Window, dict[str, Any]]:
        """Go back.

        Returns:
            The open averages of the round that the game is at now, and what callbacks kept then.

        Raises:
            RunError: If the recipe forbids it, or it was done often enough; the manifest says
                what was found.
        """
        workers = self._workers
        found = workers.broadcast(workers.run_on_chief(lambda: self._go_back(divergence)))
        state = state_variables(self._game)
        if found["anew"]:  # by all, since workers meet where variables are made
            with workers.strategy.scope():
                start = state_variables(build_game(self._view.recipe, self._view.source))
            for name, variable in start.items():
                state[name].assign(variable)
            if workers.is_chief:
                put_rates(self._game, self._folder)
        workers.broadcast_variables(state)
        self._rounds.seek(int(self._game.rounds.numpy()))
        workers.run_on_all(lambda: self._view.observers.rewind(found["step"]))
        return Window(**found["window"]), found["callbacks"]

    def _go_back(self, divergence: Divergence) -> dict[str, Any]:
        """Do the chief's part: all but a start from scratch."""
        self._saver.finish()
        done = rollbacks(self._folder)
        if self._settings.policy != "rollback" or len(done) >= self._settings.rollbacks:
            raise self._stop(divergence)
        newest = self._saver.store.newest()
        if newest is None and self._view.recipe.settings.start.origins:
            raise self._stop(divergence)  # what it began from was in its first checkpoint
        step = newest.step if newest else 0
        factor = self._settings.learning_rate_factor
        self._note(divergence, "rolled back", {"back_to": step, "learning_rate_factor": factor})
        forget_scores(self._folder, step)
        begin_again(self._folder, step)
        if newest is not None:
            self._saver.store.note(step, to_carry(self._folder.manifest.data))
            self._saver.store.restore(newest, state_variables(self._game))
            put_rates(self._game, self._folder)
        if self._saver.best is not None:
            self._saver.best.go_back(newest.extras.get("best") if newest else None)
        self._account.went_back(newest, divergence.step)
        log.warning(
            "%s; back to step %d, learning rates × %g (rollback %d of %d)",
            *(divergence, step, factor, len(done) + 1, self._settings.rollbacks),
            extra={"style": "bold yellow"},
        )
        extras = newest.extras if newest else {}
        return {"step": step, "anew": newest is None} | {
            name: extras.get(name, {}) for name in ("window", "callbacks")
        }

    def _stop(self, divergence: Divergence) -> RunError:
        """Return the error that ends the run; the manifest keeps what was found."""
        with contextlib.suppress(AdvnetsError):
            self._saver.finish()
        self._note(divergence, "stopped", None)
        kept = self._saver.store.steps()
        last = f"the last checkpoint is of step {kept[-1]}" if kept else "nothing was committed"
        times = len(rollbacks(self._folder))
        suspects = ", ".join(components_of_plugins(self._view.recipe))
        tried = f", after {times} rollback{'s' * (times > 1)}" if times else ""
        return RunError(
            f"the game diverged{tried}: {divergence}; {last}",
            where=str(self._folder.path),
            hint="lower the learning rates, or look at the gradient norms in the report; "
            "a larger health.rollbacks lets the same command resume"
            + (f"; of plugins there are in the rounds: {suspects}" if suspects else ""),
        )

    def _note(self, divergence: Divergence, did: str, more: Mapping[str, Any] | None) -> None:
        entry = {**asdict(divergence), "did": did, **(more or {})}
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


def begin_again(folder: RunFolder, step: int) -> None:
    """Say of what was changed, or played with, after ``step``: from there on it is."""
    manifest = folder.manifest.data
    changes, played_with = (manifest.get(key) or [] for key in ("changes", "played_with"))
    if all(each["from"] <= step for each in [*changes, *played_with]):
        return
    before = sum(entry["back_to"] == step for entry in rollbacks(folder)) - 1  # less this one
    present = {k: v for k, v in (played_with or [{}])[-1].items() if k != "from"}
    folder.manifest.update(
        changes=add_changes(changes, step, (), before),
        played_with=add_played_with(played_with, step, present),
    )


def put_rates(game: AdversarialGame, folder: RunFolder) -> None:
    """Give a game that was put back to a checkpoint the learning rates it goes on with.

    They are those of the checkpoint, unless the run was given others in this round, less what
    the rollbacks to it have cost since.

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
    given = {each["key"]: each for each in folder.changes if each["from"] == step}
    for name in game.optimizers:
        change, since = given.get(f"optimizers.{name}.learning_rate"), here
        if change is not None:
            scheduled = name in game.rate_factors  # by what the game was built from
            for rate in game.rates_of(name):
                rate.assign(1.0 if scheduled else change["new"])
            since = here[change.get("rollbacks", 0) :]
        if since:
            game.slow_down(math.prod(since), name)


def components_of_plugins(recipe: Recipe) -> list[str]:
    """Return the components of a recipe's rounds that plugins brought, in words."""
    named = []
    for path, kind in PATHS.items():
        many = (path,) in SLOTS and SLOTS[path,].many
        found = recipe.components(path) if many else [recipe.component(path)]
        named += [(kind, component.name) for component, _ in found]
    return describe_owners(dict.fromkeys(named), recipe.registry)
