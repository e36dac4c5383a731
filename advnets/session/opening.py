"""Before the first round of a session: what a run's folder holds, and what is written there."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tensorflow as tf

from ..checkpoint import CheckpointStore, Commit
from ..data import Source, summarise
from ..data.feed.choose import describe_placement
from ..distribute.workers import Workers
from ..errors import RunError, UsageError
from ..monitor.report.report import write_report
from ..observe.guard import Guard
from ..observe.health import warn_of_problems
from ..plugins import Registry
from ..recipe import Recipe, differences
from ..runs import RunFolder
from ..safe_io.jsonable import to_jsonable
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
        if newest is not None and (
            newest.step >= recipe.settings.training.steps or ended_by(newest, recipe)
        ):
            already_finished(newest, recipe, folder)
            hint, guard = f"advnets doctor {folder.path}", Guard(folder, registry, workers)
            guard.attempt("health", newest.step, partial(warn_of_problems, folder), hint)
            return Opening(finished=True, resumed=True, newest=newest, store=store)
        if newest is not None:
            refuse_other_data(folder, source)
        folder.start(recipe)
        open_manifest(folder, recipe, registry, found.missing)
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


def ended_by(newest: Commit, recipe: Recipe) -> str | None:
    """Return which callback ended the run at a checkpoint; ``None`` where the recipe's callbacks
    are others now, which did not.
    """
    ended = newest.extras.get("ended") or {}
    named = to_jsonable(recipe.settings.monitoring.callbacks)
    return ended["by"] if ended.get("callbacks") == named else None


def already_finished(newest: Commit, recipe: Recipe, folder: RunFolder) -> None:
    """Say so; take over new cadences, but not a number of steps that was passed already."""
    steps, ended = recipe.settings.training.steps, ended_by(newest, recipe)
    if newest.step == steps or ended:
        folder.start(recipe)
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


def keep_data(
    folder: RunFolder, source: Source, carried: Sequence[str], read: Sequence[str]
) -> None:
    """Write what the data are; refuse to resume a run on fields other than those it began with.

    Args:
        folder: The run's folder.
        source: Its data.
        carried: The fields that come with the examples, which have a fingerprint of their own.
        read: All fields that the game depends on: also those whose frequencies it draws by.

    Raises:
        UsageError: If a label, say, is another.
    """
    entry = {
        "name": source.name,
        "fingerprint": source.fingerprint(),
        "train": source.count("train"),
        **describe_placement(source, carried),
        **tell(source),
    }
    if read:
        now = {"names": list(read), "fingerprint": source.fingerprint("train", read)}
        before = (folder.manifest.get("data") or {}).get("fields")
        if before is not None and before != now:
            raise UsageError(
                f"the fields of the training data have changed since the run began: "
                f"{', '.join(before['names'])} had the fingerprint {before['fingerprint'][:12]}…, "
                f"now {', '.join(read)} {'have' if len(read) > 1 else 'has'} "
                f"{now['fingerprint'][:12]}…",
                where=str(folder.path),
                hint="bring the old data back, or start a new run in another --run-dir",
            )
        entry["fields"] = now
    folder.manifest.update(data=entry)


def tell(source: Source) -> dict[str, list[str]]:
    """Say what the data are, what is left out of them and what is odd; return it to be kept."""
    summary = summarise(source)
    for line in summary.lines:
        log.info("%s", line)
    for line in summary.warnings:
        log.warning("%s: %s", source.name, line)
    return {"lines": summary.lines, "warnings": summary.warnings}


def warn_of_edits(folder: RunFolder, plugins: Sequence[Mapping[str, str]]) -> None:
    """Say which plugins' files have changed since the run was last taken up."""
    known = {each["source"]: each["sha256"] for each in folder.manifest.get("plugins") or []}
    for each in plugins:
        before = known.get(each["source"], "")
        if before and before != each["sha256"]:
            log.warning(
                "%s has changed since the run was last taken up: what it does may be another thing",
                each["source"],
            )


def open_manifest(
    folder: RunFolder, recipe: Recipe, registry: Registry, missing: str | None
) -> None:
    """Write what the session begins with; ``missing``: why the data are a stand-in, if so."""
    plugins = fingerprints(registry, recipe)
    warn_of_edits(folder, plugins)
    # `advnets run RUN` resumes a stand-in run without asking for the original data.
    stand_in = folder.manifest.get("stand_in")
    if missing is not None:
        stand_in = {"for": recipe.stand_in_for, "used": recipe.settings.dataset, "why": missing}
    folder.manifest.update(
        status="running",
        command=_command(),
        plugins=plugins,
        devices=[d.name for d in tf.config.list_logical_devices()],
        stand_in=stand_in,
        ended_by=None,
    )


def _command() -> list[str]:
    """Return the command line, without the place where advnets happens to be installed."""
    program = Path(sys.argv[0])
    name = "advnets" if program.name == "__main__.py" else program.name
    return [name, *sys.argv[1:]]
