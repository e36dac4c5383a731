"""Compute the identity of a run: a hash of all that determines its trajectory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .schema import OFFLINE

DETERMINING = (
    "seed",
    "dataset",
    "latent",
    "generator",
    "discriminator",
    "loss",
    "penalties",
    "updates",
    "optimizers",
    "averaging",
    "training.batch_size",
    "distribution.precision",
)
"""The keys that a trajectory depends on. How long it is, how it is watched, and on how
many devices it is computed, do not belong to it."""


def select_determining(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a resolved recipe that determines the trajectory, without the stand-in.

    >>> select_determining({"seed": 1, "name": "a", "training": {"steps": 9, "batch_size": 2}})
    {'seed': 1, 'training.batch_size': 2}
    """
    found: dict[str, Any] = {}
    for path in DETERMINING:
        value: Any = data
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            found[path] = value
    dataset = found.get("dataset")
    if isinstance(dataset, Mapping):
        found["dataset"] = {key: item for key, item in dataset.items() if key != OFFLINE}
    return found


def identity(data: Mapping[str, Any]) -> str:
    """Compute eight hexadecimal digits: the beginning of SHA-256 over canonical JSON.

    >>> identity({"seed": 1}) == identity({"seed": 1, "name": "renamed"})
    True
    """
    text = json.dumps(
        select_determining(data), sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], *, everywhere: bool = False
) -> list[str]:
    """List where two resolved recipes differ, one line each.

    Args:
        old, new: The recipes, resolved.
        everywhere: Whether entries count that do not determine the game, such as cadences.

    >>> differences({"seed": 1, "loss": {"name": "a"}}, {"seed": 2, "loss": {"name": "a"}})
    ['seed: 1 → 2']
    >>> differences({"penalties": []}, {"penalties": [{"name": "r1"}]}, everywhere=True)
    ['penalties.0.name: (absent) → "r1"']
    """
    if not everywhere:
        old, new = select_determining(old), select_determining(new)
    before, after = dict(_leaves(old)), dict(_leaves(new))
    keys = [*before, *(key for key in after if key not in before)]
    return [
        f"{key}: {before.get(key, '(absent)')} → {after.get(key, '(absent)')}"
        for key in keys
        if before.get(key) != after.get(key) and not _is_filled(key, before, after)
    ]


def _is_filled(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Tell whether what is empty in one recipe has entries in the other, which are listed."""
    ours, others = (before, after) if path in before else (after, before)
    return ours[path] in ("[]", "{}") and any(key.startswith(f"{path}.") for key in others)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}")
    elif path:
        yield path, json.dumps(value, ensure_ascii=False)
