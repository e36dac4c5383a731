"""Check whether two runs are the same in all that does not depend on the clock.

Importing this module imports no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runs import RunFolder
from ..safe_io.wording import pluralise

TIMES = ("time", "steps_per_second")
"""Keys of metrics.jsonl that depend on the clock."""
DRAWN = ("*.png", "theory.jsonl")
"""Files in samples/ that are the same, byte by byte, for runs that are."""


def differences(one: Path, other: Path) -> list[str]:
    """List where two finished runs differ in what does not depend on the clock.

    Compared are status, step and ``state_sha256``, the lines of metrics.jsonl, the sample
    grids and what figure 1 is drawn from byte by byte, and the scores. Numbers of the metrics
    are compared to 12 digits, since they are sums whose order depends on the speed.

    Args:
        one: A run's folder.
        other: Another's.
    """
    folders = RunFolder(one), RunFolder(other)
    manifests = [folder.manifest.data for folder in folders]
    found = [
        f"{key}: {manifests[0].get(key)} and {manifests[1].get(key)}"
        for key in ("status", "step", "state_sha256")
        if manifests[0].get(key) != manifests[1].get(key)
    ]
    logs = [folder.metrics.read() for folder in folders]
    steps = [[row["step"] for row in rows] for rows in logs]
    if steps[0] != steps[1]:
        found.append(f"metrics.jsonl: lines of the steps {_describe_odd(*steps)}")
    else:
        rows = [[_without_times(row) for row in log] for log in logs]
        odd = [a["step"] for a, b in zip(*rows, strict=True) if a != b]
        if odd:
            lines = pluralise(len(odd), "line")
            found.append(f"metrics.jsonl: {lines}, the first of step {odd[0]}")
    pictures = [
        {p.name: p.read_bytes() for glob in DRAWN for p in f.samples.glob(glob)} for f in folders
    ]
    names = sorted({*pictures[0], *pictures[1]})
    apart = [name for name in names if pictures[0].get(name) != pictures[1].get(name)]
    if apart:
        found.append(f"samples: {', '.join(apart)}")
    scores = [[(s["metric"], s["value"]) for s in m.get("scores") or []] for m in manifests]
    if scores[0] != scores[1]:
        found.append(f"scores: {scores[0]} and {scores[1]}")
    return found


def _without_times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: f"{value:.12g}" if isinstance(value, float) else value
        for key, value in row.items()
        if key not in TIMES
    }


def _describe_odd(one: list[int], other: list[int]) -> str:
    missing, added = sorted({*one} - {*other}), sorted({*other} - {*one})
    twice = sorted({step for step in other if other.count(step) > 1})
    parts = (("missing", missing), ("added", added), ("twice", twice))
    return "; ".join(f"{word}: {', '.join(map(str, some[:5]))}" for word, some in parts if some)
