"""The benchmark: ``make bench``, or ``python -m benchmarks.run`` with what is installed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from . import data, docs, environments, machine, startup, tables, targets
from .cases import GAMES
from .field import ENTRIES
from .measure import Protocol, measure_case
from .places import RESULTS

BUSY = 0.5
"""Load before anything is timed. Whoever waits actively for a second core suffers most from it."""

console = Console(highlight=False)


def _names(known: list[str], given: str | None, what: str) -> list[str]:
    if given is None:
        return known
    names: list[str] = []
    for word in (word.strip() for word in given.split(",")):
        # Some labels have a comma in them: "bare loop, XLA".
        longer = f"{names[-1]}, {word}" if names else ""
        if longer in known:
            names[-1] = longer
        else:
            names.append(word)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"no such {what}: {', '.join(unknown)}; {', '.join(known)}")
    return names


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", help=f"Some of {', '.join(GAMES)}, with commas; all by default.")
@click.option("--contestants", help="Labels as in the table, with commas; all by default.")
@click.option("--alternations", default=5, show_default=True, help="Turns of each contestant.")
@click.option("--seconds", type=float, help="Length of a turn; by default the case's own.")
@click.option("--out", type=click.Path(path_type=Path), help="JSON; in .bench/results by default.")
@click.option("--limits/--no-limits", default=True, help="Time the machine's own rates too.")
@click.option("--startup/--no-startup", "started", default=True, help="Time cold starts too.")
@click.option("--install/--no-install", default=True, help="Install peers that are missing.")
@click.option("--write-docs", is_flag=True, help="Write docs/performance.md's tables and chart.")
def main(
    cases: str | None,
    contestants: str | None,
    alternations: int,
    seconds: float | None,
    out: Path | None,
    limits: bool,
    started: bool,
    install: bool,
    write_docs: bool,
) -> None:
    """Time advnets and its peers side by side, and print what was found."""
    games = _names(list(GAMES), cases, "case")
    chosen = _names([entry.label for entry in ENTRIES], contestants, "contestant")
    protocol = Protocol(alternations, seconds, tuple(chosen))
    if install:
        environments.main()
    data.prepare()
    began = time.time()
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine.describe(),
        "data": data.about(),
        "protocol": {"alternations": alternations, "seconds": seconds},
        "cases": {},
    }
    if results["machine"]["load_before"] > BUSY:
        load = results["machine"]["load_before"]
        console.print(
            f"The machine is busy (load {load:.1f}): do not trust the numbers.", style="red"
        )
    if started:
        console.rule("cold starts")
        results["commands"] = startup.commands()
        results["first_round"] = startup.first_rounds()
    if limits:
        console.rule("the machine")
        results["limits"] = machine.limits(_report)
    out = out or RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    for name in games:
        console.rule(GAMES[name].title)
        results["cases"][name] = measure_case(name, protocol, _report)
        console.print(tables.case_table(results["cases"][name]))
        results["minutes"] = (time.time() - began) / 60
        results["targets"] = targets.evaluate(results)
        # After every case: what was measured outlives whatever happens in the next one.
        out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    for table in tables.all_tables(results):
        console.print(table)
    console.print(f"{results['minutes']:.0f} minutes; the numbers are in {out}")
    if write_docs:
        docs.write(results)


def _report(text: str) -> None:
    console.print(f"[dim]{time.strftime('%H:%M:%S')}  {text}[/dim]")


if __name__ == "__main__":
    main()
