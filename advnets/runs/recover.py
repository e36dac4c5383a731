"""Take from a run's checkpoints what its manifest said: each carries the manifest as of then.

So what a run depends on (its identity, its data, its rollbacks, what it was played with, what
was changed on the way) outlives a manifest that is damaged, deleted, or another run's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..recipe import differences, read_yaml, recipe_bytes
from .entries import fingerprint_of
from .index import COMMITTED, INDEX, Index, read_index

CARRIED = "manifest"
"""The key of a checkpoint's extras under which it lies."""
PASSING = ("status", "error", "updated", "command", "time", "goodput", "sessions", "step")
"""Entries that say how far the run is; a checkpoint has its own."""


def to_carry(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a checkpoint carries of a manifest, as an entry of its extras."""
    return {CARRIED: {key: value for key, value in manifest.items() if key not in PASSING}}


def recover(folder: Path) -> dict[str, Any] | None:
    """Return a manifest made of what the newest checkpoint in a run's folder carries.

    Args:
        folder: The run's folder.

    Returns:
        The manifest, its status ``interrupted``; ``None`` if no checkpoint carries anything.

    Raises:
        ValueError: If the checkpoints are of several runs, and recipe.yaml does not tell which
            of them the run's own are.
    """
    found = [(index, index.extras[CARRIED]) for index in _indices(folder / "checkpoints")]
    if len({run_of(carried) for _, carried in found}) > 1:
        found = [each for each in found if _is_of(each[1], folder / "recipe.yaml")] or found
    runs = {run_of(carried): index.step for index, carried in found}
    if len(runs) > 1:
        described = "; ".join(f"step {step}: {run[0]}" for run, step in runs.items())
        raise ValueError(f"the checkpoints are of several runs: {described}")
    if not found:
        return None
    index, carried = found[0]
    own = {"status": "interrupted", "step": index.step, "state_sha256": index.state_sha256}
    return {**carried, **own}


def run_of(manifest: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return by what a run differs from others: its identity, its data, its first state."""
    fingerprint = fingerprint_of(manifest.get("data"))
    return manifest.get("identity"), fingerprint, manifest.get("initial_state_sha256")


def _indices(folder: Path) -> Iterator[Index]:
    """Yield the sound indices that carry a manifest, the newest first."""
    there = folder.is_dir() and not folder.is_symlink()
    names = [path.name for path in folder.iterdir()] if there else []
    for name in sorted((n for n in names if COMMITTED.fullmatch(n)), key=_order)[::-1]:
        if (folder / name).is_symlink() or (folder / name / INDEX).is_symlink():
            continue  # it may lead out of the run's folder
        try:
            index = read_index(folder / name)
        except (OSError, ValueError):
            continue
        if isinstance(index.extras.get(CARRIED), dict) and index.extras[CARRIED]:
            yield index


def _order(name: str) -> tuple[int, str]:
    """Return by what the names of checkpoints are in the order of their steps."""
    return len(name), name


def _is_of(carried: Mapping[str, Any], recipe_file: Path) -> bool:
    """Tell whether a manifest is of the recipe in a file, wherever its data lie."""
    try:
        document = read_yaml(recipe_bytes(recipe_file), str(recipe_file))
    except Exception:
        return False
    ours, theirs = document.value, carried.get("recipe")
    if document.problems or not isinstance(ours, dict) or not isinstance(theirs, dict):
        return False
    return not differences({**ours, "dataset": None}, {**theirs, "dataset": None})
