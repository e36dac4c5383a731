"""Describe where a run's time went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...safe_io.wording import duration, pluralise
from .health import Finding


def describe_lost_time(manifest: Mapping[str, Any]) -> str:
    """Describe what kills and failures cost a run; ``""`` if nothing.

    >>> describe_lost_time({"time": {"lost": 61.0}, "sessions": {"cut_off": 2, "steps_lost": 1500}})
    '2 sessions cut off, 1,500 steps and 1:01 lost'
    >>> describe_lost_time({"sessions": {"cut_off": 0}})
    ''
    """
    sessions, time = manifest.get("sessions") or {}, manifest.get("time") or {}
    if not sessions.get("cut_off"):
        return ""
    steps, seconds = sessions.get("steps_lost"), time.get("lost")
    lost = f"{pluralise(steps or 0, 'step')} and {duration(seconds or 0)} lost"
    return f"{pluralise(sessions['cut_off'], 'session')} cut off, {lost}"


def find_goodput(manifest: Mapping[str, Any]) -> Finding | None:
    """Find where the time went, if the manifest records it.

    >>> print(find_goodput({"goodput": 0.9, "time": {"total": 10.0, "saving": 0.5}}).text)
    90% of 0:10 was spent in rounds; saving 5%
    """
    goodput, time = manifest.get("goodput"), manifest.get("time")
    if goodput is None or not time:
        return None
    total = time.get("total") or 0.0
    others = [
        f"{kind} {seconds / total:.0%}"
        for kind, seconds in time.items()
        if kind not in ("total", "training") and total and seconds / total >= 0.005
    ]
    lost = describe_lost_time(manifest)
    spent = f"{goodput:.0%} of {duration(total)} was spent in rounds"
    text = "; ".join(filter(None, [spent, ", ".join(others), lost]))
    return Finding("note" if lost else "ok", "goodput", text)
