"""`advnets sweep-compare`: how the objectives of several sweeps are distributed."""

from __future__ import annotations

from pathlib import Path

import click

from .common import (
    check_out,
    echo,
    force_option,
    log,
    out_option,
    plugin_options,
    print_json,
    print_table,
)


@click.command("sweep-compare")
@click.argument(
    "sweeps", metavar="SWEEP ...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@out_option("Draw the histograms, one above the other, into this file.", "FILE.png")
@force_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all objectives.")
@plugin_options
def command(sweeps: tuple[Path, ...], out: Path | None, force: bool, as_json: bool) -> None:
    """Show the distributions of the objectives of SWEEPs, the folders of sweeps, side by side.

    All must have been judged by the same score, measured alike, at the same step, and of as
    many seeds. Trials that were pruned or failed have no objective: they are counted, and in no
    histogram.

    Exit codes: 0, or 2 if they cannot be compared.
    """
    from ..sweep.distributions import check_alike, draw_distributions, read_outcomes

    if out is not None:
        check_out(out, [".png"], force=force)
    outcomes = [read_outcomes(path) for path in sweeps]
    check_alike(outcomes)
    if as_json:
        found = [o.summary() | {"counts": o.counts, "values": o.values} for o in outcomes]
        print_json({"metric": outcomes[0].metric, "sweeps": found})
    else:
        echo(outcomes[0].metric)
        names = ("min", "q1", "median", "q3", "max", "mean")
        states = ("pruned", "failed")
        rows = []
        for each in outcomes:
            numbers, n = each.summary(), len(each.values)
            shown = [f"{numbers[name]:.4g}" if name in numbers else "-" for name in names]
            ended = [each.counts.get(state, 0) for state in states]
            rows.append((each.name, n, *shown, *ended, each.path))
        print_table(("sweep", "n", *names, *states, "folder"), rows)
    if out is not None:
        draw_distributions(outcomes, out)
        log.info(f"drawn into {out}")
