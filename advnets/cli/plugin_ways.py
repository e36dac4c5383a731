"""``advnets plugins check --ways``: in which ways the components of a plugin can be played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..plugins.registry import PluginRecord
from ..testing.ways import KINDS, WAYS, Item, measure
from .common import echo, print_table, style

COLOURS = {"yes": "green", "refused": "yellow", "failed": "red", "not tried": "yellow"}


def play_ways(
    report: dict[str, Any], record: PluginRecord, words: Sequence[str], *, silent: bool
) -> None:
    """Play each component that could be built in every way, and add what came to the report.

    Args:
        report: Of the plugin, as ``advnets plugins check --json`` has it: each component of a
            kind that is played gets ``ways``.
        record: The plugin.
        words: Where it is found, as ``--plugin`` takes it.
        silent: Whether nothing is printed.
    """
    entries = {
        (one["kind"], one["name"]): one
        for one in report["components"]
        if one["kind"] in KINDS and not (one["problems"] or one["missing"])
    }
    asked = [
        (Item(kind, name, plugins=tuple(words)), way) for kind, name in entries for way in WAYS
    ]
    failing = {key for key, one in entries.items() if one.get("failed")}  # counted already
    before = len(failing)
    for item, way, outcome in measure(asked):
        entry = entries[item.kind, item.name]
        entry.setdefault("ways", {})[way] = str(outcome)
        if outcome.outcome == "failed":
            failing.add((item.kind, item.name))
        if not silent:
            mark = style(outcome.outcome, fg=COLOURS[outcome.outcome])
            why = f": {outcome.why}" if outcome.why else ""
            echo(f"  {item.kind} {item.name}, {way.replace('_', ' ')}: ", mark, why)
    for entry in entries.values():
        entry["ways"] = {way: entry["ways"][way] for way in WAYS}
    report["bad"] += len(failing) - before
    if silent:
        return
    if not entries:
        echo(f"  {record.name} has no component that can be played in ways")
        return
    echo()
    columns = ("COMPONENT", *(way.replace("_", " ").upper() for way in WAYS))
    print_table(
        columns,
        [
            (name, *(one["ways"][way].partition(":")[0] for way in WAYS))
            for (_, name), one in entries.items()
        ],
    )
