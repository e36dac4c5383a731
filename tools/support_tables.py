"""The generated part of docs/support.md: in which ways each component that ships can be played.

It shows what `python tools/measure_support.py` measured, docs/support/matrix.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_table import table
from reliability_tables import where

from advnets.testing.ways import KINDS, WAYS

MATRIX = Path(__file__).parents[1] / "docs" / "support" / "matrix.json"
HEADINGS = {"k_steps": "k steps", "xla": "XLA", "fit": "`fit`", "file": "`.keras`"}
"""What the columns are called, where they are not called as the ways."""
EXPLAINED: dict[str, str] = {}
"""Why something has failed, by ``kind/name way``: what is wrong, and what helps."""


def support(path: Path = MATRIX) -> Iterator[str]:
    """A table for each kind, and below it the reasons."""
    if not path.is_file():
        yield "*Not yet measured.*\n"
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = found["components"]
    outcomes = [
        outcome.partition(":")[0] for row in rows.values() for outcome in row["ways"].values()
    ]
    counts = ", ".join(
        f"{outcomes.count(outcome)} {outcome}"
        for outcome in ("yes", "refused", "failed", "not tried")
    )
    open_ = len(rows) * len(WAYS) - len(outcomes)
    seconds = sum(row["seconds"] for row in rows.values())
    yield (
        f"{len(rows)} components in {len(WAYS)} ways: {counts}"
        f"{f', {open_} not measured' if open_ else ''}; on {found['date']} at commit "
        f"`{found['commit']}`, in {seconds / 60:.0f} minutes of processes that shared the "
        f"machine with others, on {where(found)}, advnets {found['versions']['advnets']}.\n"
    )
    for kind in KINDS:
        own = {key: row for key, row in rows.items() if key.partition("/")[0] == kind}
        if own:
            yield f"### {kind.capitalize()}\n"
            yield from _kind(own)


def _kind(rows: Mapping[str, Any]) -> Iterator[str]:
    notes: list[str] = []

    def mark(note: str) -> str:
        if note not in notes:
            notes.append(note)
        return f"({notes.index(note) + 1})"

    cells = []
    for key, row in rows.items():
        name = f"`{key.partition('/')[2]}`"
        if row["plugin"] != "advnets":
            name += f" of {row['plugin']}"
        if row.get("with"):
            name += " " + mark(f"played with {_words(row['with'])}.")
        line = [name]
        for way in WAYS:
            outcome, _, why = row["ways"].get(way, "not measured").partition(": ")
            explained = EXPLAINED.get(f"{key} {way}", "")
            reason = ". ".join(part for part in (why, explained) if part)
            line.append(f"{outcome} {mark(reason + '.')}" if reason else outcome)
        cells.append(line)
    yield table(("component", *(HEADINGS.get(way, way) for way in WAYS)), cells)
    for number, note in enumerate(notes, 1):
        yield f"{number}. {note[0].upper()}{note[1:]}"
    if notes:
        yield ""


def _words(given: Mapping[str, Any]) -> str:
    """What a component is played with, as a recipe has it."""
    return ", ".join(f"`{name}: {json.dumps(value)}`" for name, value in given.items())
