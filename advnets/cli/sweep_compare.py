"""`advnets sweep-compare`: how the objectives of several sweeps are distributed."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import UsageError
from .common import check_place, echo, log, plugin_options, print_json, print_table


@click.command("sweep-compare")
@click.argument(
    "sweeps", metavar="SWEEP ...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    metavar="FILE.png",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the histograms, one above the other, into this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all objectives.")
@plugin_options
def command(sweeps: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Show the distributions of the objectives of SWEEPs, the folders of sweeps, side by side.

    All must have been judged by the same score, measured alike, at the same step, and of as
    many seeds. Trials that were pruned or failed have no objective: they are counted, and in no
    histogram.

    Exit codes: 0, or 2 if they cannot be compared.
    """
    from ..sweep.distributions import check_alike, draw_distributions, read_outcomes

    if out is not None:
        check_place("--out", out)
        if out.suffix != ".png":
            raise UsageError(f"--out {out}: the name of a picture ends with .png")
    outcomes = [read_outcomes(path) for path in sweeps]
    check_alike(outcomes)
    if as_json:
        rows = [
            each.summary() | {"counts": each.counts, "values": each.values} for each in outcomes
        ]
        print_json({"metric": outcomes[0].metric, "sweeps": rows})
    else:
        echo(outcomes[0].metric)
        names = ("min", "q1", "median", "q3", "max", "mean")
        print_table(
            ("sweep", "n", *names, "pruned", "failed", "folder"),
            [
                (
                    each.name,
                    len(each.values),
                    *(f"{s[name]:.4g}" if name in s else "-" for name in names),
                    each.counts.get("pruned", 0),
                    each.counts.get("failed", 0),
                    each.path,
                )
                for each in outcomes
                for s in [each.summary()]
            ],
        )
    if out is not None:
        draw_distributions(outcomes, out)
        log.info(f"drawn into {out}")
