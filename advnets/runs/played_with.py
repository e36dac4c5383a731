"""Keep on record which rounds of a run were played with what: plugins' code, versions, devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def add_played_with(known: Sequence[Entry], step: int, present: Entry) -> list[dict[str, Any]]:
    """Return what the rounds of a run that is taken up at ``step`` are played with.

    Rounds from there on are about to be played again, so what they were played with before is
    forgotten. A session with all as before adds no entry.

    Args:
        known: The entries that the manifest has: ``from`` and what ``present`` holds.
        step: The round that the session begins with.
        present: What it plays with: ``plugins``, ``versions``, ``devices``.

    >>> first = add_played_with([], 0, {"versions": {"keras": "3.15"}})
    >>> add_played_with(first, 40, {"versions": {"keras": "3.15"}}) == first
    True
    >>> [each["from"] for each in add_played_with(first, 40, {"versions": {"keras": "3.16"}})]
    [0, 40]
    """
    past = [dict(each) for each in known if each["from"] < step]
    if past and past[-1] == {**past[-1], **present}:
        return past
    return [*past, {"from": step, **present}]


def list_differences(before: Entry, after: Entry) -> list[str]:
    """List in what two entries differ, one line each; a plugin that one lacks is none.

    >>> one = {"plugins": {"mine": "aa"}, "devices": ["CPU:0"]}
    >>> list_differences(one, {"plugins": {"mine": "bb", "new": "cc"}, "devices": ["GPU:0"]})
    ['plugin mine: aa → bb', 'devices: CPU:0 → GPU:0']
    """
    return [
        *_changed(before.get("plugins") or {}, after.get("plugins") or {}, "plugin "),
        *_changed(before.get("versions") or {}, after.get("versions") or {}),
        *_changed(_devices(before), _devices(after)),
    ]


def _devices(entry: Entry) -> dict[str, str]:
    return {"devices": ", ".join(entry.get("devices") or ())}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], what: str = "") -> list[str]:
    return [
        f"{what}{name}: {before[name]} → {after[name]}"
        for name in before
        if before[name] and after.get(name) and before[name] != after[name]
    ]
