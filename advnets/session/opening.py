"""Before the first round of a session: what a run's folder holds, and what is written there."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ..checkpoint import CheckpointStore, Commit
from ..data import Source, summarise
from ..data.feed.choose import describe_placement
from ..distribute.workers import Workers
from ..errors import RunError, UsageError
from ..game.state import state_variables
from ..monitor.report.report import write_report
from ..observe.guard import Guard
from ..observe.health import warn_of_problems
from ..plugins import Registry
from ..recipe import Recipe, differences
from ..runs import RunFolder
from ..runs.manifest import versions
from ..runs.played_with import list_differences
from ..safe_io.jsonable import to_jsonable
from ..safe_io.wording import shell_command
from ..train.build import build_game, fingerprints
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


def refuse_strangers(
    workers: Workers, recipe: Recipe, source: Source, plugins: Sequence[Mapping[str, str]]
) -> None:
    """Refuse workers that were started with another recipe than the chief, or with other data.

    So are those whose plugins are of other code, and those of other versions.

    Raises:
        UsageError: On all workers; one that differs says in what.
    """
    if workers.count == 1:
        return
    text = hashlib.sha256(recipe.to_yaml().encode()).hexdigest()
    code = {f"plugin {each['name']}": each["sha256"] for each in plugins}
    known: dict[str, Any] = {"plugins of other code": code, "other versions": versions()}
    hashed = {what: hashlib.sha256(repr(sorted(v.items())).encode()) for what, v in known.items()}
    found = []
    for what, fingerprint in (
        ("another recipe", text),
        ("other data", source.fingerprint()),
        *((what, digest.hexdigest()) for what, digest in hashed.items()),
    ):
        if others := workers.find_differing(fingerprint):
            found.append(f"worker {', '.join(map(str, others))} was started with {what}")
    if not found:
        return
    own = differences(workers.broadcast(recipe.data), recipe.data, everywhere=True)
    for what in known:
        theirs, ours = workers.broadcast(known[what]), known[what]
        own += [
            f"{name}: {theirs.get(name, '(absent)')} → {ours.get(name, '(absent)')}"
            for name in dict.fromkeys([*theirs, *ours])
            if theirs.get(name) != ours.get(name)
        ]
    where = "\n".join(["; from the chief's to this worker's:", *(f"  {one}" for one in own)])
    raise UsageError(
        f"{', and '.join(found)} than the chief{where if own else ''}",
        hint="give all workers the same command, the same data and the same installation"
        + ("" if own else "; the log of a worker that differs says where"),
    )


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


def refuse_to_change_nothing(newest: Commit, changes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a change that comes after the last round."""
    if changes:
        raise UsageError(
            f"there is no round to change anything in: the run is at step {newest.step:,}",
            hint="a larger training.steps plays on: KEY=VALUE training.steps=N --change",
        )


def already_finished(newest: Commit, recipe: Recipe, folder: RunFolder, source: Source) -> None:
    """Say so; take over new cadences, but not a number of steps that was passed already."""
    steps, ended = recipe.settings.training.steps, ended_by(newest, recipe)
    if newest.step == steps or ended:
        if recipe.settings.dataset != (folder.manifest.get("recipe") or {}).get("dataset"):
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


def refuse_other_data(folder: RunFolder, source: Source) -> None:
    """Refuse to resume a run on data that are not those it began with."""
    before = (folder.manifest.get("data") or {}).get("fingerprint")
    if before is not None and before != (now := source.fingerprint()):
        raise UsageError(
            f"the training data have changed since the run began: they had the fingerprint "
            f"{before[:12]}…, and {source.name}, read now, has {now[:12]}…",
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


def refuse_other_variables(
    recipe: Recipe, source: Source, changes: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse changes that the game's variables don't allow, by name.

    Both games are built for it before anything is written, so that a run whose change is refused
    is as it was.

    Args:
        recipe: The recipe with the changes.
        source: Its data.
        changes: ``key``, ``old``, ``new``.

    Raises:
        UsageError: If the game has other variables with them; or if they are what a variable
            begins with, which has moved since.
    """
    old, game = (
        build_game(each, source)
        for each in (recipe.override({each["key"]: each["old"] for each in changes}), recipe)
    )
    before, after = state_variables(old), state_variables(game)
    keys = ", ".join(each["key"] for each in changes)
    signatures = [{n: (v.dtype, v.shape) for n, v in each.items()} for each in (before, after)]
    if signatures[0] != signatures[1]:
        odd = sorted(set(signatures[0].items()) ^ set(signatures[1].items()), key=str)
        raise UsageError(
            f"what cannot be changed on the way: {keys}; the game would have other variables "
            f"than the checkpoint has, such as {odd[0][0]}",
            hint="it is another run: give it a recipe and a folder of its own",
        )
    rates = {id(rate) for name in game.optimizers for rate in game.rates_of(name)}
    for name, variable in after.items():
        if id(variable) in rates or np.array_equal(
            before[name].numpy(), variable.numpy(), equal_nan=variable.dtype.is_floating
        ):
            continue
        raise UsageError(
            f"what cannot be changed on the way: {keys}; it is what the variable {name} begins "
            "with, which has moved since",
            hint="it is another run: give it a recipe and a folder of its own",
        )


def describe_present(plugins: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return what a session plays with, as the manifest's ``played_with`` keeps it."""
    return {
        "plugins": {each["name"]: each["sha256"] for each in plugins},
        "versions": versions(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
    }


def say_what_changed(folder: RunFolder, present: Mapping[str, Any], step: int) -> None:
    """Say which plugins' code and versions are others than when the run was last taken up."""
    manifest = folder.manifest.data
    before = {
        "plugins": {each["name"]: each.get("sha256") for each in manifest.get("plugins") or []},
        "versions": manifest.get("versions") or {},
        "devices": manifest.get("devices") or [],
    }
    if not manifest.get("devices"):  # never taken up
        del before["devices"]
    if found := list_differences(before, present):
        log.warning(
            "%s: changed since the run was last taken up. Rounds from %s on are played with what "
            "is here now, and the manifest keeps which were played with what",
            *("; ".join(found), f"{step:,}"),
        )


def open_manifest(
    folder: RunFolder, recipe: Recipe, registry: Registry, missing: str | None
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
        devices=[d.name for d in tf.config.list_logical_devices()],
        stand_in=stand_in,
        ended_by=None,
    )


def _command() -> list[str]:
    """Return the command line, without the place where advnets happens to be installed."""
    program = Path(sys.argv[0])
    name = "advnets" if program.name == "__main__.py" else program.name
    return [name, *sys.argv[1:]]
