"""Describe where a run's time went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..progress import duration
from .health import Finding


def describe_lost_time(manifest: Mapping[str, Any]) -> str:
    """Describe what kills and failures cost a run; ``""`` if nothing.

    >>> describe_lost_time({"time": {"lost": 61.0}, "sittings": {"cut_off": 2, "steps_lost": 1500}})
    '2 sessions cut off, 1,500 steps and 1:01 lost'
    >>> describe_lost_time({"sittings": {"cut_off": 0}})
    ''
    """
    sessions, time = manifest.get("sittings"), manifest.get("time")
    cut_off = sessions.get("cut_off") if isinstance(sessions, Mapping) else None
    if not isinstance(sessions, Mapping) or not isinstance(cut_off, int) or not cut_off:
        return ""
    steps = sessions.get("steps_lost")
    seconds = time.get("lost") if isinstance(time, Mapping) else None
    steps_lost = f"{steps:,}" if isinstance(steps, int) else "some"
    lost = duration(seconds) if isinstance(seconds, int | float) else "some time"
    plural = "" if cut_off == 1 else "s"
    return f"{cut_off} session{plural} cut off, {steps_lost} steps and {lost} lost"


def find_goodput(manifest: Mapping[str, Any]) -> Finding | None:
    """Find where the time went, if the manifest records it.

    >>> print(find_goodput({"goodput": 0.9, "time": {"total": 10.0, "saving": 0.5}}).text)
    90% of 0:10 was spent in rounds; saving 5%
    """
    goodput, time = manifest.get("goodput"), manifest.get("time")
    if not isinstance(goodput, int | float) or not isinstance(time, Mapping):
        return None
    total = time.get("total") or 0.0
    others = [
        f"{kind} {seconds / total:.0%}"
        for kind, seconds in time.items()
        if kind not in ("total", "training") and total and seconds / total >= 0.005
    ]
    text = "; ".join(
        [f"{goodput:.0%} of {duration(total)} was spent in rounds", ", ".join(others)]
    ).removesuffix("; ")
    lost = describe_lost_time(manifest)
    return Finding("note" if lost else "ok", "goodput", f"{text}; {lost}" if lost else text)
