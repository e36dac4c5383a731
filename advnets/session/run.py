"""Playing a recipe: from the command to a sealed manifest, in one process of each worker."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from rich.console import Console

from ..checkpoint import CheckpointStore
from ..distribute.signals import listening
from ..distribute.strategy import make_strategy
from ..distribute.workers import Team, watching
from ..errors import Interrupted
from ..log import screen
from ..plugins import Registry
from ..runs import RunFolder
from ..runs.lock import stale
from ..train.account import Account
from ..train.find_data import Found, stand_in_note
from .determinism import determinism
from .failures import explaining_all
from .opening import open_sitting, refuse_strangers
from .session import Sitting


def play(
    found: Found,
    registry: Registry,
    run_dir: Path | None = None,
    console: Console | None = None,
    began: float | None = None,
) -> RunFolder | None:
    """Play a recipe to its last step, or go on with the run of the same identity.

    Where there is a cluster (:mod:`advnets.distribute.cluster`), all of its workers call this
    with the same arguments; only the first, the chief, writes into the folder.

    Args:
        found: The recipe and its data (:func:`advnets.train.find_data.find_data`).
        registry: The components.
        run_dir: The run's folder; ``runs/<name>-<identity>`` by default.
        console: Where progress is shown; standard error by default.
        began: When the command began, by ``time.monotonic``; now by default.

    Returns:
        The run's folder, its manifest sealed and its report written; ``None`` on workers
        other than the chief, which may not even see it.

    Raises:
        AdvnetsError: Of the kind that says what went wrong; the manifest says so too.
    """
    began = time.monotonic() if began is None else began
    recipe, source = found.recipe, found.source
    folder = RunFolder.for_recipe(recipe, run_dir)
    console = console or screen()
    with contextlib.ExitStack() as held:
        held.enter_context(explaining_all(recipe))
        # First of all, since workers cannot come together once anything has been computed;
        # then listening, since TensorFlow puts a handler of its own in SIGTERM's place.
        strategy = make_strategy(
            recipe.data["distribution"]["strategy"], recipe.data["training"]["batch_size"]
        )
        stop = held.enter_context(listening())
        team = Team(strategy)
        held.enter_context(watching(team))
        refuse_strangers(team, recipe, source)
        lock = folder.lock()
        team.lead(lambda: held.enter_context(lock))
        store = CheckpointStore(folder.checkpoints, recipe.data["checkpoints"]["keep"])
        opening = open_sitting(found, registry, folder, store, console, team)
        if opening.finished:
            return folder if team.chief else None
        account = Account(folder, opening.newest, began, team.chief)
        sitting = Sitting(found, registry, folder, store, stop, console, strategy, team, account)
        try:
            repeats = determinism(recipe.data["distribution"]["determinism"])
            with sitting.monitor, explaining_all(recipe, sitting.kept), watching(team), repeats:
                if lock.left:
                    sitting.monitor.note(stale(lock.left), "yellow")
                stand_in = folder.manifest.get("stand_in")
                if stand_in and found.missing is None:  # `advnets run RUN`, which looked for none
                    note = stand_in_note(stand_in["why"], stand_in["used"]["name"])
                    sitting.monitor.note(note, "bold yellow")
                sitting.play(opening)
        except BaseException as error:
            if team.chief:
                sitting.ending.badly(error, sitting.step)
            if isinstance(error, Interrupted):
                team.total([0])  # nobody leaves before the chief has written all
            raise
        return folder if team.chief else None
