"""Run every test of the fault matrix, the slow ones too, and keep what they measured.

usage: python tests/faults/measure_matrix.py [--row NAME ...] [--write]

This is the second half of `make faults`. With ``--write`` the outcome goes to
docs/reliability/faults.json, of which, with the rows that are written by hand in
docs/reliability/matrix.yaml, `python tools/write_docs.py` makes the table in docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from kill_series import ROOT, commit

sys.path.insert(0, str(ROOT / "tools"))

from reliability_tables import FAULTS, OUTCOMES, Row, read_rows

from advnets.runs.manifest import machine, versions

ATTEMPTS = 3
"""How often tests are run, at most: a kill that was aimed at a save may miss it."""


@click.command()
@click.option("--row", "names", type=click.Choice(list(read_rows())), multiple=True)
@click.option("--write", is_flag=True, help="Write docs/reliability/faults.json.")
def main(names: tuple[str, ...], write: bool) -> None:
    """Run the tests, gather, tell."""
    if names and write:
        raise click.UsageError("--write is for all rows")
    rows = {name: row for name, row in read_rows().items() if not names or name in names}
    began, begun_at, load = time.monotonic(), commit(), os.getloadavg()[0]
    kept, skipped = measure(rows)
    outcomes = {name: outcome(row, kept.get(name, []), skipped) for name, row in rows.items()}
    for name, found in outcomes.items():
        click.echo(f"{name}: {found.get('not_run') or found}")
    if write:
        found = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "commit": begun_at if begun_at == commit() else f"{begun_at} to {commit()}",
            "machine": machine(),
            "versions": versions(),
            "load": [round(load, 1), round(os.getloadavg()[0], 1)],
            "seconds": round(time.monotonic() - began),
            "import_seconds": round(import_seconds(), 1),
            "rows": outcomes,
        }
        FAULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(
    rows: dict[str, Row],
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """What the tests kept of each row, and why tests were skipped."""
    kept: dict[str, list[dict[str, Any]]] = defaultdict(list)
    skipped: dict[str, str] = {}
    for _ in range(ATTEMPTS):
        open_rows = [row for name, row in rows.items() if not kept[name]]
        tests = {test for row in open_rows for test in row.tests if test not in skipped}
        if not tests:
            break
        found = run(sorted(tests))
        skipped |= {function_of(test): why for test, why in found["skipped"].items()}
        for entry in found["kept"]:
            kept[entry["row"]].append(entry)
    return kept, skipped


def run(tests: Iterable[str]) -> dict[str, Any]:
    """Run tests; what they kept, and which were skipped.

    Raises:
        ClickException: If one of them fails.
    """
    with tempfile.TemporaryDirectory(prefix="advnets-matrix-") as place:
        record = Path(place) / "record.json"
        words = [sys.executable, "-m", "pytest", "-q", f"--faults-record={record}", *tests]
        done = subprocess.run(words, cwd=ROOT)
        if done.returncode:
            raise click.ClickException("a test of the fault matrix failed: nothing is written")
        found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        return found


def outcome(row: Row, kept: Sequence[dict[str, Any]], skipped: dict[str, str]) -> dict[str, Any]:
    """What is written of a row: its outcome, and the median and the most of what was lost.

    Raises:
        ClickException: If nothing was measured though its tests ran, or something unexpected.
    """
    if not kept:
        reasons = [skipped[test] for test in row.tests if test in skipped]
        if not reasons:
            raise click.ClickException(f"nothing was measured: {row.fault}")
        return {"not_run": reasons[0]}
    unexpected = {OUTCOMES[entry["recovered"]] for entry in kept} - {OUTCOMES[row.recovered]}
    if unexpected:
        expected = OUTCOMES[row.recovered]
        raise click.ClickException(f"{row.fault}: recovered is {unexpected}, not {expected}")
    tests = {function_of(entry["test"]) for entry in kept}
    if not tests <= set(row.tests):
        raise click.ClickException(f"{row.fault}: its row does not name {tests - set(row.tests)}")
    steps = [entry["steps_lost"] for entry in kept]
    if (None in steps) != bool(row.no_run):
        raise click.ClickException(f"{row.fault}: `no_run` and the steps measured do not agree")
    return {
        "times": len(kept),
        "recovered": row.recovered,
        "steps_lost": None if row.no_run else spread(steps),
        "seconds_lost": spread([entry["seconds_lost"] for entry in kept]),
        "tests": sorted(tests),
    }


def spread(values: Collection[float]) -> list[float]:
    """The median and the most."""
    return [round(statistics.median(values), 6), round(max(values), 6)]


def function_of(test: str) -> str:
    """A node id without its parameters."""
    return test.partition("[")[0]


def import_seconds() -> float:
    """What a process of its own takes before it can play, the median of three."""
    taken = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import advnets.session.run"], check=True)
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
