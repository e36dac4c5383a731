"""`advnets doctor`: look for trouble in the installation, or in a run."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import AdvnetsError, RecipeError
from ..monitor.report.goodput import find_goodput
from ..monitor.report.health import Finding, manifest_findings, record_findings
from ..plugins import Registry
from ..recipe import load_recipe
from ..runs import RunFolder
from ..runs.began import as_it_began
from ..runs.lock import describe
from ..runs.manifest import versions
from ..safe_io import outside, printable
from ..safe_io.wording import pluralise, shorten, size
from .common import echo, plugin_options, registry_of, style

if TYPE_CHECKING:
    from ..checkpoint import CheckpointStore

MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("PROBLEM", "red")}
LOW_DISK = 2 * 2**30
MOST_OF_A_KIND = 20
"""Findings listed of one kind."""


@click.command("doctor")
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@plugin_options
@click.pass_context
def command(ctx: click.Context, run: Path | None) -> None:
    """Look for trouble: in the installation, or in RUN.

    Without RUN: versions, devices, plugins, where data sets lie, free disk space. With
    RUN: whether anything leads out of its folder, its recipe, its status and lock, its
    checkpoints and the weights in them, and what its metrics say (NaN, a saturated
    discriminator, players that no longer learn).

    Exit codes: 0 if nothing needs attention, 1 if something does.
    """
    if run is None:
        findings = installation(registry_of(ctx, warnings=False))
    else:
        findings = examine(RunFolder.open(run, sound=False), registry_of(ctx))
    problems = 0
    for finding in findings:
        mark, colour = MARKS[finding.level]
        text = printable(f"{finding.subject}: {finding.text}", lines=False)
        echo(style(f"{mark:<8}", fg=colour), f" {text}")
        if finding.hint:
            echo(f"{'':<8}   hint: {printable(finding.hint, lines=False)}")
        problems += finding.level == "problem"
    echo(pluralise(problems, "problem") if problems else "No problems.")
    if problems:
        ctx.exit(1)


def installation(registry: Registry) -> Iterator[Finding]:
    """Examine this installation: its parts, and whether they work."""
    for name, version in versions().items():
        level = "ok" if version else "problem"
        yield Finding(level, name, version or "is not installed")  # type: ignore[arg-type]
    yield from _devices()
    yield from _plugins(registry)
    yield from _data_sets()
    yield _disk("disk", Path.cwd())


def _devices() -> Iterator[Finding]:
    from ..session.quiet import import_tensorflow

    try:
        import_tensorflow()
        import tensorflow as tf

        names = [device.name for device in tf.config.list_physical_devices()]
        float(tf.reduce_sum(tf.ones([2, 2])))
    except Exception as error:
        yield Finding("problem", "TensorFlow", f"does not work: {type(error).__name__}: {error}")
        return
    yield Finding("ok", "devices", ", ".join(n.removeprefix("/physical_device:") for n in names))
    if not any("GPU" in name for name in names):
        on_linux = sys.platform == "linux"
        hint = "with an NVIDIA GPU: pip install 'advnets[cuda]'" if on_linux else ""
        yield Finding("note", "devices", "no GPU; everything runs on the processor", hint)


def _plugins(registry: Registry) -> Iterator[Finding]:
    sound = [record for record in registry.plugins if record.status == "ok"]
    yield Finding("ok", "plugins", f"{len(sound)} sound")
    for record in registry.plugins:
        if record.status == "quarantined":
            hint = f"`advnets plugins check {record.name}` shows the traceback"
            yield Finding("problem", "plugin", f"{record} is quarantined: {record.error}", hint)
        elif record.status == "blocked":
            yield Finding("note", "plugin", f"{record} is blocked")
    for (kind, name), (first, second) in registry.conflicts.items():
        text = f"{name!r} of {kind} is registered twice: by {first} and by {second}"
        yield Finding("problem", "plugin", text, f"block one of them with --plugin no:{first.name}")


def _data_sets() -> Iterator[Finding]:
    from ..data.sources.tfds_builder import data_directory

    folder = Path(data_directory())
    found = folder.glob("*/**/dataset_info.json")
    prepared = sorted({info.relative_to(folder).parts[0] for info in found})
    text = f"in {folder}: {', '.join(prepared) or 'none prepared yet'}"
    hint = "" if prepared else "`advnets data prepare mnist` prepares one"
    yield Finding("ok" if prepared else "note", "data sets", text, hint)


def _disk(subject: str, folder: Path, needed: int = LOW_DISK) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{size(free)} free in {folder}"
    if free < needed:
        return Finding("problem", subject, text, "make room: a run stops when the disk is full")
    return Finding("ok", subject, text)


def examine(folder: RunFolder, registry: Registry) -> Iterator[Finding]:
    """Examine a run, whoever wrote its folder and whatever became of it.

    What leads out of the folder is reported and not looked at.
    """
    parts: dict[str, Callable[[], Iterable[Finding]]] = {
        "recipe.yaml": lambda: _recipe(folder, registry, manifest),
        "manifest.json": lambda: _manifest(folder),
        "metrics.jsonl": lambda: record_findings(folder.metrics.read()),
        "checkpoints": lambda: _checkpoints(folder),
    }
    barred = set()
    for count, (path, fault) in enumerate(outside(folder.path)):
        barred.add(path.parts[0])
        if count < MOST_OF_A_KIND:
            yield Finding("problem", "folder", f"{path} {fault}", "remove it, or bring the file")
    manifest = None
    if "manifest.json" not in barred:
        with contextlib.suppress(AdvnetsError):  # reported below
            manifest = folder.manifest.data
    for name, look in parts.items():
        if name in barred or (name == "manifest.json" and {".lock", ".lock.json"} & barred):
            continue
        try:
            yield from look()
        except AdvnetsError as error:
            yield Finding("problem", name, error.message, error.hint or "")
        except Exception as error:  # what lies there may be anything
            text = f"cannot be examined: {type(error).__name__}: {shorten(error, 300)}"
            yield Finding("problem", name, text)
    yield _disk("disk", folder.path, max(4 * _largest(folder), 2**28))


def _recipe(
    folder: RunFolder, registry: Registry, manifest: dict[str, Any] | None
) -> Iterator[Finding]:
    """Find what there is to say of the recipe of a run with that manifest, if it can be read."""
    if not folder.recipe_file.is_file():
        known = "; the manifest has it, and `advnets run` writes it anew" * folder.has_recipe()
        yield Finding(
            "problem", "recipe", f"there is none{known}", "a run cannot continue without its recipe"
        )
        return
    try:
        if manifest is None:
            recipe, changes = load_recipe(folder.recipe_file, registry=registry), []
        else:
            recipe, changes = folder.load_recipe(registry), folder.changes
    except RecipeError as error:
        for problem in error.problems[:MOST_OF_A_KIND]:
            yield Finding("problem", "recipe", str(problem), error.hint or "")
        return
    own = as_it_began(recipe, changes).identity()
    yield Finding("ok", "recipe", f"valid; {recipe.name}, identity {own}")
    began = manifest and manifest.get("identity")
    if began and began != own:
        text = f"the run began as {shorten(began, 40)}: its recipe is another one now"
        yield Finding("problem", "recipe", text, "bring back the recipe.yaml that it began with")


def _largest(folder: RunFolder) -> int:
    """Return the bytes of the largest checkpoint."""
    largest = 0
    for step in folder.checkpoints.glob("step-*") if not folder.checkpoints.is_symlink() else ():
        with contextlib.suppress(FileNotFoundError):  # the run is playing, and prunes
            largest = max(largest, sum(file.lstat().st_size for file in step.glob("*")))
    return largest


def _manifest(folder: RunFolder) -> Iterator[Finding]:
    if fault := folder.manifest.fault:
        text = f"it {fault}; what it said is taken from the newest checkpoint"
        yield Finding("problem", "manifest", text, "`advnets run RUN` writes it anew")
    yield from manifest_findings(folder.manifest.data, _holder(folder))
    spent = find_goodput(folder.manifest.data)
    if spent is not None:
        yield spent


def _holder(folder: RunFolder) -> str | None:
    """Describe who holds the run's lock; nobody: ``None``."""
    lock = folder.lock()
    try:
        with lock.if_free() as free:  # what a dead holder has left is for the next session
            return None if free else describe(lock.holder())
    except AdvnetsError:
        return None


def _checkpoints(folder: RunFolder) -> Iterator[Finding]:
    from ..session.quiet import import_tensorflow

    import_tensorflow()
    from ..checkpoint import CheckpointStore

    store = CheckpointStore.of(folder)
    newest = store.newest(hold=True)  # or a run that plays prunes it while it is looked at
    steps = [step for step in store.steps() if newest is None or step != newest.step]
    faults = {step: fault for step in steps if (fault := _fault(store, step)) is not None}
    if newest is None and not faults:
        yield Finding("problem", "checkpoints", "there is none")
        return
    for step, fault in faults.items():
        text = f"that of step {step} cannot be used: {fault}"
        yield Finding("problem", "checkpoints", text, "another will be used" if newest else "")
    if newest is None:
        hint = "bring them back; without one, the run cannot go on"
        yield Finding("problem", "checkpoints", "none can be used", hint)
        return
    sound = 1 + sum(step not in faults and store.path(step).is_dir() for step in steps)
    yield Finding("ok", "checkpoints", f"{sound} sound, the newest of step {newest.step}")
    yield from _weights(newest.path / "state", newest.step)


def _fault(store: CheckpointStore, step: int) -> str | None:
    """Return what is wrong with a checkpoint; nothing, if it has been pruned meanwhile."""
    try:
        fault = store.fault(step)
    except FileNotFoundError as error:
        fault = str(error)
    return fault if os.path.lexists(store.path(step)) else None


def _weights(prefix: Path, step: int) -> Iterator[Finding]:
    """Look at the numbers themselves: losses can look healthy over weights that are not."""
    import tensorflow as tf

    from ..checkpoint.plain_path import plain_path

    with plain_path(prefix.parent) as path:
        yield from _numbers(tf.train.load_checkpoint(str(path / prefix.name)), prefix, step)


def _numbers(reader: Any, prefix: Path, step: int) -> Iterator[Finding]:
    import numpy as np

    types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    claimed = sum(math.prod(shapes[name]) * dtype.size for name, dtype in types.items())
    there = sum(file.lstat().st_size for file in prefix.parent.iterdir())
    if claimed > there:
        text = f"that of step {step} claims {claimed:,} bytes of numbers in {there:,}"
        yield Finding("problem", "checkpoints", text)
        return
    names = [name for name, dtype in types.items() if dtype.is_floating]
    numbers = sum(math.prod(shapes[name]) for name in names)
    broken = [name for name in names if not np.isfinite(reader.get_tensor(name)).all()]
    if broken:
        first = broken[0].removeprefix("state/").removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")
        text = f"{len(broken)} variables hold NaN or infinity at step {step}, such as {first}"
        hint = "start again with a lower learning rate, or look at the data"
        yield Finding("problem", "weights", text, hint)
    else:
        text = f"all {numbers:,} numbers in {len(names)} variables are finite"
        yield Finding("ok", "weights", text)
