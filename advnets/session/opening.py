"""Before the first round of a session: what a run's folder holds, and what is written there."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..checkpoint import CheckpointStore, Commit
from ..data import Source
from ..distribute.workers import Workers
from ..errors import RunError
from ..monitor.report.report import write_report
from ..observe.guard import Guard
from ..observe.health import warn_of_problems
from ..plugins import Registry
from ..recipe import Recipe
from ..runs import RunFolder
from ..runs.starts import check_starts
from ..safe_io.jsonable import to_jsonable
from ..safe_io.wording import shell_command
from ..train.build import fingerprints
from ..train.find_data import Found
from .change import refuse_other_variables, refuse_to_change_nothing
from .data_on_record import refuse_other_data
from .present import describe_present, say_what_changed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opening:
    """Say where a session begins.

    Attributes:
        finished: Whether there is nothing left to play.
        resumed: Whether it resumes from a checkpoint.
        newest: That checkpoint; on the chief only, which alone reads it.
        store: The run's checkpoints.
        changes: What the run is given from here on, on purpose: ``key``, ``old``, ``new``.
        present: What the session plays with: plugins' code, versions, devices.
    """

    finished: bool
    resumed: bool
    newest: Commit | None
    store: CheckpointStore
    changes: Sequence[Mapping[str, Any]] = ()
    present: Mapping[str, Any] = field(default_factory=dict)


def open_session(
    found: Found, registry: Registry, folder: RunFolder, workers: Workers, change: bool = False
) -> Opening:
    """Look where the run resumes, and open its manifest: the chief does, and tells the others.

    Args:
        found: The recipe and its data.
        registry: The components.
        folder: The run's folder.
        workers: The processes that play the run.
        change: Whether the recipe may have other values under some keys than the run has so far.

    Raises:
        AdvnetsError: If the folder holds another run, or one that cannot be resumed.
    """
    recipe, source = found.recipe, found.source
    store = CheckpointStore.of(folder, recipe.settings.checkpoints.keep)

    def look() -> Opening:
        changes = folder.check(recipe, change)
        newest = newest_checkpoint(store, folder)
        if newest is not None:
            folder.manifest.bring_back(newest.step, newest.extras)
        if newest is not None and (
            newest.step >= recipe.settings.training.steps or ended_by(newest, recipe)
        ):
            refuse_to_change_nothing(newest, changes)
            already_finished(newest, recipe, folder, source)
            hint = shell_command("advnets", "doctor", folder.path)
            guard = Guard(folder, registry, workers)
            guard.attempt("health", newest.step, partial(warn_of_problems, folder), hint)
            return Opening(finished=True, resumed=True, newest=newest, store=store)
        refuse_other_data(folder, source)
        if newest is None:
            check_starts(recipe)
        if changes:
            refuse_other_variables(recipe, source, changes)
        present = describe_present(fingerprints(registry, recipe))
        say_what_changed(folder, present, newest.step if newest else 0)
        folder.start(recipe, change)
        open_manifest(folder, recipe, registry, found.missing)
        resumed = newest is not None
        return Opening(False, resumed, newest, store, changes, present)

    opening = workers.run_on_chief(look)
    shared = workers.broadcast(
        opening and {"finished": opening.finished, "resumed": opening.resumed}
    )
    return opening or Opening(**shared, newest=None, store=store)


def newest_checkpoint(store: CheckpointStore, folder: RunFolder) -> Commit | None:
    """Return the checkpoint to resume from; ``None`` for a new run.

    Raises:
        RunError: If the run has been further than any checkpoint that can be used.
    """
    newest = store.newest(quarantine=True)
    manifest = folder.manifest.data
    played, what = manifest.get("step"), "it has no checkpoint"
    if newest is None and not manifest.get("identity"):  # nor has it a manifest
        records = folder.metrics.read()
        played = max((record["step"] for record in records), default=0)
        what = "it has neither a manifest nor a checkpoint"
    if newest is None and (store.faults or played):
        if store.faults:
            what = f"none of its checkpoints verifies ({store.described_faults()})"
        raise RunError(
            f"the run was at step {played}, but {what}",
            where=str(folder.path),
            hint="bring the checkpoints back, or start from scratch in another --run-dir",
        )
    return newest


def ended_by(newest: Commit, recipe: Recipe) -> str | None:
    """Return which callback ended the run at a checkpoint; ``None`` where the recipe's callbacks
    are others now, which did not.
    """
    ended = newest.extras.get("ended") or {}
    named = to_jsonable(recipe.settings.monitoring.callbacks)
    return ended["by"] if ended.get("callbacks") == named else None


def already_finished(newest: Commit, recipe: Recipe, folder: RunFolder, source: Source) -> None:
    """Say so; take over new cadences, but not a number of steps that was passed already."""
    steps, ended = recipe.settings.training.steps, ended_by(newest, recipe)
    if newest.step == steps or ended:
        before = folder.manifest.get("recipe") or {}
        if any(recipe.data[key] != before.get(key) for key in ("dataset", "streams")):
            refuse_other_data(folder, source)  # before they are read from another place for good
        folder.keep_recipe(recipe)
    folder.manifest.update(status="finished", step=newest.step, error=None, ended_by=ended)
    if not folder.report_file.exists():
        write_report(folder)
    if ended and newest.step < steps:
        log.info("This run is finished: %s.", ended, extra={"style": "bold green"})
        return
    log.info(
        "This run is finished: it is at step %s, and %s are asked for. A larger training.steps "
        "extends it.",
        *(f"{newest.step:,}", f"{steps:,}"),
        extra={"style": "bold green"},
    )


def open_manifest(
    folder: RunFolder, recipe: Recipe, registry: Registry, missing: str | None
) -> None:
    """Write what the session begins with; ``missing``: why the data are a stand-in, if so."""
    # `advnets run RUN` resumes a stand-in run without asking for the original data.
    stand_in = folder.manifest.get("stand_in")
    if missing is not None:
        stand_in = {"for": recipe.stand_in_for, "used": recipe.settings.dataset, "why": missing}
        if recipe.stood_for_streams:
            stand_in["streams"] = {
                name: {"for": stood_for, "used": recipe.settings.streams[name].dataset}
                for name, stood_for in recipe.stood_for_streams.items()
            }
    folder.manifest.update(
        status="running",
        command=_command(),
        plugins=fingerprints(registry, recipe),
        devices=[d.name for d in tf.config.list_logical_devices()],
        stand_in=stand_in,
        ended_by=None,
    )


def _command() -> list[str]:
    """Return the command line, without the place where advnets happens to be installed."""
    program = Path(sys.argv[0])
    name = "advnets" if program.name == "__main__.py" else program.name
    return [name, *sys.argv[1:]]
