"""`advnets compare`: rank recipes by scores that were measured alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..safe_io.wording import shorten
from .common import echo, log, plugin_options, print_json, print_table, registry_of
from .run_options import weights_option

if TYPE_CHECKING:
    from ..compare import Comparison, Pair, Row

MOST_PAIRS = 60
MOST_SETTINGS = 40


@click.command("compare")
@click.argument(
    "runs", metavar="RUN RUN ...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    help="A score; repeatable. All that every run has by default.",
)
@click.option(
    "--at",
    metavar="common|last|best|STEP",
    default="common",
    show_default=True,
    help="Which scores count: those of the last step that all runs share, of each run's last or "
    "best one, or of a step.",
)
@click.option(
    "--better",
    type=click.Choice(["higher", "lower"]),
    help="Which values are better, for scores that do not say.",
)
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the protocols.")
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    runs: tuple[Path, ...],
    metrics: tuple[str, ...],
    at: str,
    better: str | None,
    weights: str,
    as_json: bool,
) -> None:
    """Rank the recipes of RUNs by their scores, over seeds.

    Runs that differ in their seed only make one row: mean, standard error over seeds, and n.
    Scores are ranked if they were measured alike; else the fields in which their protocols
    differ are named. What is no run, or was not scored, is left out and named: RUNS may be
    runs/*. Each two rows are tested for a difference by Welch's t-test and, where it
    is feasible, the exact permutation test, both with Holm's correction.

    Exit codes: 0, or 2 if nothing can be compared.
    """
    if at not in ("common", "last", "best") and not (at.isascii() and at.isdigit()):
        raise click.BadParameter(f"{shorten(at, 40)!r} is neither common, last, best, nor a step")
    from ..compare import compare, read_runs

    registry = registry_of(ctx)
    read, no_runs = read_runs(runs, weights, registry)
    for line in no_runs:
        log.warning(f"left out: {line}")
    found, left_out = compare(read, metrics, at, better)
    for line in left_out:
        log.warning(f"left out: {line}")
    if as_json:
        print_json([comparison.to_dict() for comparison in found])
        return
    for index, comparison in enumerate(found):
        if index:
            echo("")
        _print(comparison)


def _print(comparison: Comparison) -> None:
    better = f"{comparison.better} is better" if comparison.better else "no better or worse"
    unit = f" in {comparison.unit}" if comparison.unit else ""
    if comparison.at == "best":
        better += "; each run's best, which favours runs that were scored often"
    echo(f"{comparison.metric}{unit}, {comparison.at} ({better})")
    shown = list(comparison.settings.items())[:MOST_SETTINGS]
    echo("  " + ", ".join(f"{name} {_short(value)}" for name, value in shown))
    print_table(
        ("", "recipe", "mean", "± over seeds", "n", "± of a score", "seeds"),
        [_cells(number, row) for number, row in enumerate(comparison.rows, 1)],
    )
    for number, row in enumerate(comparison.rows[1:], 2):
        if row.differs:
            differs = "; ".join(shorten(line, 100) for line in row.differs[:6])
            echo(f"  {number} is 1 but for {differs}")
    for pair in comparison.pairs[:MOST_PAIRS]:
        echo(f"  {pair.first + 1} and {pair.second + 1}: {_describe(pair, comparison.rows)}")
    if len(comparison.pairs) > MOST_PAIRS:
        echo(f"  and {len(comparison.pairs) - MOST_PAIRS} more pairs: see --json")


def _cells(number: int, row: Row) -> tuple[object, ...]:
    seeds = ", ".join(f"{run['seed']}: {run['value']:.5g}" for run in row.runs)
    mean = f"{row.mean:.5g}"
    return number, row.name, mean, _error(row.error), row.n, _error(row.own_error), seeds


def _describe(pair: Pair, rows: list[Row]) -> str:
    fewest = min(rows[pair.first].n, rows[pair.second].n)
    difference = f"{pair.difference:+.4g}"
    if fewest < 2:
        return f"{difference}; with n = {fewest} no significance can be stated"
    if pair.welch is None:
        return f"{difference}; no spread over seeds, so no significance can be stated"
    text = f"{difference}; {pair.verdict} (Welch p = {_p(pair.welch, pair.welch_holm)}"
    if pair.permutation is not None:
        text += f"; permutation p = {_p(pair.permutation, pair.permutation_holm)}"
    return text + ")"


def _p(p: float, corrected: float | None) -> str:
    if corrected is None or corrected == p:
        return f"{p:.2g}"
    return f"{p:.2g}, {corrected:.2g} by Holm"


def _error(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"


def _short(value: object) -> str:
    return shorten(f"{value:.5g}" if isinstance(value, float) else value, 40)
