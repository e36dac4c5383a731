"""The generated parts of docs/reliability.md: the series of kills, and the fault matrix.

Both show what `make faults FAULTS_ARGS=--write` measured. The matrix's rows are written by hand,
in docs/reliability/matrix.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_table import table
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[1] / "docs" / "reliability"
KILLS = FOLDER / "kills.json"
ROWS = FOLDER / "matrix.yaml"
FAULTS = FOLDER / "faults.json"
OUTCOMES = {True: "yes", False: "no", None: "–"}
"""What the column `recovered` says."""


@dataclass(frozen=True)
class Row:
    """A row of the fault matrix, as written by hand.

    Attributes:
        fault: What goes wrong.
        expected: What is to come of it.
        recovered: Whether the run is to end as if nothing had happened; ``None`` where there
            is nothing to recover.
        tests: Where it is tested, as ``PATH::FUNCTION``.
        no_run: Why no steps can be lost; empty where some could.
        under: The heading that begins with this row; empty where it goes on.
    """

    fault: str
    expected: str
    recovered: bool | None
    tests: Sequence[str]
    no_run: str = ""
    under: str = ""


def read_rows() -> dict[str, Row]:
    """The rows of the matrix by their ids."""
    found = YAML(typ="safe").load(ROWS.read_text(encoding="utf-8"))
    return {name: Row(**entries) for name, entries in found.items()}


def kills() -> Iterator[str]:
    """What became of the runs that were killed."""
    if not KILLS.is_file():
        yield "*Not yet measured.*\n"
        return
    found = json.loads(KILLS.read_text(encoding="utf-8"))
    yield (
        f"**{found['survived']} of {found['tried']} kills survived**, on {found['date']} at commit "
        f"`{found['commit']}`, in {found['seconds'] / 60:.0f} minutes, on {where(found)}.\n"
    )
    columns = ("game", "kills", "inside a save", "before the first round", "the same", "steps")
    more = ("commit every", "steps lost: median, most", "start [s]", "undisturbed [s]")
    yield table(
        (*columns, *more),
        [
            (
                row["game"],
                str(row["kills"]),
                str(row["inside_saves"]),
                str(row["before_first_round"]),
                "no" if row["differs"] else "yes",
                f"{row['steps']:,}",
                f"{row['checkpoint_every']:,}",
                f"{row['median_steps_lost']:g}, {row['most_steps_lost']:,}",
                f"{row['start_seconds']:.1f}",
                f"{row['play_seconds']:.1f}",
            )
            for row in found["games"]
        ],
    )


def fault_matrix() -> Iterator[str]:
    """Each fault, what is expected, and what its tests measured."""
    if not FAULTS.is_file():
        yield "*Not yet measured.*\n"
        return
    found = json.loads(FAULTS.read_text(encoding="utf-8"))
    rows, measured = read_rows(), found["rows"]
    faults = sum(outcome.get("times", 0) for outcome in measured.values())
    load = " to ".join(f"{load:.1f}" for load in found["load"])
    yield (
        f"{faults:,} faults in {len(rows)} rows, on {found['date']} at commit "
        f"`{found['commit']}`, in {found['seconds'] / 60:.0f} minutes, on {where(found)}, with a "
        f"load of {load} (processes that want to run; more than the cores make everything slower). "
        f"Python, TensorFlow and advnets took {found['import_seconds']:.1f} s to import.\n"
    )
    columns = ("fault", "expected", "recovered", "steps lost", "seconds lost", "test")
    heading = ""
    groups: dict[str, list[Sequence[str]]] = {}
    for name, row in rows.items():
        heading = row.under or heading
        groups.setdefault(heading, []).append(cells_of(row, measured.get(name, {})))
    for heading, cells in groups.items():
        yield f"### {heading}\n"
        yield table(columns, cells)
    reasons = [f"{row.fault} – {row.no_run}" for row in rows.values() if row.no_run]
    yield f"¹ No steps can be lost where a test plays no run: {'; '.join(reasons)}.\n"


def cells_of(row: Row, measured: Mapping[str, Any]) -> Sequence[str]:
    """A row of the table."""
    tests = ", ".join(f"`{test}`" for test in row.tests)
    if "times" not in measured:
        why = measured.get("not_run", "not measured")
        return row.fault, row.expected, f"not run: {why}", "–", "–", tests
    recovered, times = OUTCOMES[measured["recovered"]], measured["times"]
    if times > 1 and measured["recovered"] is not None:
        recovered += f", {times} of {times}"
    steps, seconds = measured["steps_lost"], measured["seconds_lost"]
    return (
        row.fault,
        row.expected,
        recovered,
        "–¹" if steps is None else spread(steps, lambda n: f"{n:,g}"),
        spread(seconds, short),
        tests,
    )


def spread(values: Sequence[float], text: Callable[[float], str]) -> str:
    """A median and the most, or one of them where they read the same."""
    return ", ".join(dict.fromkeys(text(value) for value in values))


def short(seconds: float) -> str:
    """Seconds to two digits."""
    if seconds >= 10:
        return f"{seconds:.0f}"
    return f"{seconds:.2g}" if seconds >= 1e-4 else "< 0.0001" if seconds > 0 else "0"


def where(found: Mapping[str, Any]) -> str:
    """The machine that something was measured on."""
    about, versions = found["machine"], found["versions"]
    cores = f"({about['cores']} cores)"
    return f"{about['processor']} {cores}, TensorFlow {versions['tensorflow']}"
