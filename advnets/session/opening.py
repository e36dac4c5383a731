"""Before the first round of a session: what a run's folder holds, and what is written there."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..checkpoint import CheckpointStore, Commit
from ..data import Source
from ..data.feed.choose import describe_placement
from ..distribute.workers import Workers
from ..errors import RunError, UsageError
from ..monitor.report.report import write_report
from ..observe.guard import Guard
from ..observe.health import warn_of_problems
from ..plugins import Registry
from ..recipe import Recipe, differences
from ..runs import RunFolder
from ..train.build import fingerprints
from ..train.find_data import Found

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opening:
    """Say where a session begins.

    Attributes:
        finished: Whether there is nothing left to play.
        resumed: Whether it resumes from a checkpoint.
        newest: That checkpoint; on the chief only, which alone reads it.
        store: The run's checkpoints.
    """

    finished: bool
    resumed: bool
    newest: Commit | None
    store: CheckpointStore


def open_session(found: Found, registry: Registry, folder: RunFolder, workers: Workers) -> Opening:
    """Look where the run resumes, and open its manifest: the chief does, and tells the others.

    Raises:
        AdvnetsError: If the folder holds another run, or one that cannot be resumed.
    """
    recipe, source = found.recipe, found.source
    store = CheckpointStore(folder.checkpoints, recipe.settings.checkpoints.keep)

    def look() -> Opening:
        folder.check(recipe)
        newest = newest_checkpoint(store, folder)
        if newest is not None and newest.step >= recipe.settings.training.steps:
            already_finished(newest, recipe, folder)
            hint, guard = f"advnets doctor {folder.path}", Guard(folder, registry, workers)
            guard.attempt("health", newest.step, partial(warn_of_problems, folder), hint)
            return Opening(finished=True, resumed=True, newest=newest, store=store)
        if newest is not None:
            refuse_other_data(folder, source)
        folder.start(recipe)
        open_manifest(folder, recipe, registry, source, found.missing)
        return Opening(finished=False, resumed=newest is not None, newest=newest, store=store)

    opening = workers.run_on_chief(look)
    shared = workers.broadcast(
        opening and {"finished": opening.finished, "resumed": opening.resumed}
    )
    return opening or Opening(**shared, newest=None, store=store)


def refuse_strangers(workers: Workers, recipe: Recipe, source: Source) -> None:
    """Refuse workers that were started with another recipe than the chief, or with other data.

    Raises:
        UsageError: On all workers; one with another recipe says where the two differ.
    """
    if workers.count == 1:
        return
    text = hashlib.sha256(recipe.to_yaml().encode()).hexdigest()
    found = []
    for what, fingerprint in (("another recipe", text), ("other data", source.fingerprint())):
        if others := workers.find_differing(fingerprint):
            found.append(f"worker {', '.join(map(str, others))} was started with {what}")
    if not found:
        return
    own = differences(workers.broadcast(recipe.data), recipe.data, everywhere=True)
    where = "\n".join(["; from the chief's recipe to this worker's:", *(f"  {one}" for one in own)])
    raise UsageError(
        f"{', and '.join(found)} than the chief{where if own else ''}",
        hint="give all workers the same command and the same data"
        + ("" if own else "; the log of a worker with another recipe says where it differs"),
    )


def newest_checkpoint(store: CheckpointStore, folder: RunFolder) -> Commit | None:
    """Return the checkpoint to resume from; ``None`` for a new run.

    Raises:
        RunError: If the run has been further than any checkpoint that can be used.
    """
    newest = store.newest(quarantine=True)
    played = folder.manifest.get("step")
    if newest is None and (store.faults or played):
        what = (
            f"none of its checkpoints verifies ({store.described_faults()})"
            if store.faults
            else "it has no checkpoint"
        )
        raise RunError(
            f"the run was at step {played}, but {what}",
            where=str(folder.path),
            hint="bring the checkpoints back, or start from scratch in another --run-dir",
        )
    return newest


def already_finished(newest: Commit, recipe: Recipe, folder: RunFolder) -> None:
    """Say so; take over new cadences, but not a number of steps that was passed already."""
    steps = recipe.settings.training.steps
    if newest.step == steps:
        folder.start(recipe)
    folder.manifest.update(status="finished", step=newest.step, error=None)
    if not folder.report_file.exists():
        write_report(folder)
    log.info(
        "This run is finished: it is at step %s, and %s are asked for. A larger training.steps "
        "extends it.",
        *(f"{newest.step:,}", f"{steps:,}"),
        extra={"style": "bold green"},
    )


def refuse_other_data(folder: RunFolder, source: Source) -> None:
    """Refuse to resume a run on data that are not those it began with."""
    before = (folder.manifest.get("data") or {}).get("fingerprint")
    now = source.fingerprint()
    if before is not None and before != now:
        raise UsageError(
            f"the training data have changed since the run began: {source.name} had the "
            f"fingerprint {before[:12]}…, now it has {now[:12]}…",
            where=str(folder.path),
            hint="bring the old data back, or start a new run in another --run-dir",
        )


def refuse_other_fields(folder: RunFolder, source: Source, fields: Sequence[str]) -> None:
    """Refuse to resume a run on fields that are not those it began with; keep them in mind.

    Args:
        folder: The run's folder.
        source: Its data.
        fields: What its game uses besides the examples, which have a fingerprint of their own.

    Raises:
        UsageError: If a label, say, is another.
    """
    if not fields:
        return
    known = folder.manifest.get("data") or {}
    now = {"names": list(fields), "fingerprint": source.fingerprint("train", fields)}
    before = known.get("fields")
    if before is not None and before != now:
        raise UsageError(
            f"the fields of the training data have changed since the run began: "
            f"{', '.join(before['names'])} had the fingerprint {before['fingerprint'][:12]}…, "
            f"now {', '.join(fields)} {'have' if len(fields) > 1 else 'has'} "
            f"{now['fingerprint'][:12]}…",
            where=str(folder.path),
            hint="bring the old data back, or start a new run in another --run-dir",
        )
    folder.manifest.update(data={**known, "fields": now, **describe_placement(source, fields)})


def open_manifest(
    folder: RunFolder, recipe: Recipe, registry: Registry, source: Source, missing: str | None
) -> None:
    """Write what the session begins with; ``missing``: why the data are a stand-in, if so."""
    # `advnets run RUN` resumes a stand-in run without asking for the original data.
    stand_in = folder.manifest.get("stand_in")
    if missing is not None:
        stand_in = {"for": recipe.stand_in_for, "used": recipe.settings.dataset, "why": missing}
    folder.manifest.update(
        status="running",
        command=_command(),
        plugins=fingerprints(registry, recipe),
        data={
            **({"fields": before} if (before := _fields_of(folder)) else {}),
            "name": source.name,
            "fingerprint": source.fingerprint(),
            "train": source.count("train"),
            **describe_placement(source),
        },
        devices=[d.name for d in tf.config.list_logical_devices()],
        stand_in=stand_in,
    )


def _fields_of(folder: RunFolder) -> Any:
    return (folder.manifest.get("data") or {}).get("fields")


def _command() -> list[str]:
    """Return the command line, without the place where advnets happens to be installed."""
    program = Path(sys.argv[0])
    name = "advnets" if program.name == "__main__.py" else program.name
    return [name, *sys.argv[1:]]
