"""Measure how often each metric's interval holds the true value, and keep it.

usage: python tests/evaluate/measure_coverage.py [--times N] [--only METRIC ...] [--write]

With ``--write`` the outcome goes to docs/metrics/coverage.json, of which
`python tools/write_docs.py` makes the table in docs/metrics.md. 600 repetitions take some
twenty minutes on one core.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from interval_cases import CASES, Case, count_held, play
from known_draws import METRICS

from advnets.evaluate.estimators.interval import Z
from advnets.runs.manifest import versions

COVERAGE = Path(__file__).parents[2] / "docs" / "metrics" / "coverage.json"


@click.command()
@click.option("--times", default=600, help="Repetitions.")
@click.option("--only", type=click.Choice(list(METRICS)), multiple=True)
@click.option("--write", is_flag=True, help="Write docs/metrics/coverage.json.")
def main(times: int, only: tuple[str, ...], write: bool) -> None:
    """Play the cases, gather, tell."""
    if only and write:
        raise click.UsageError("--write is for all metrics")
    rows = []
    for case in CASES:
        if not only or case.name in only:
            found = measure(case, times)
            rows += found
            for row in found:
                click.echo(row)
    if write:
        kept = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "versions": versions(), "rows": rows}
        COVERAGE.parent.mkdir(exist_ok=True)
        COVERAGE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(case: Case, times: int) -> list[dict[str, Any]]:
    """What each score of a metric held, and how wide its interval is."""
    found = []
    for name, rows in play(case, times).items():
        value, low, high, true = rows.T
        # The true value may be another one in each draw.
        spread = float((value - np.where(np.isnan(true), 0.0, true)).std(ddof=1))
        found.append(
            {
                "metric": case.name,
                "score": name,
                "what": case.what,
                "times": times,
                "held": count_held(rows),
                # Half the interval, over 1.96 standard deviations of the score's deviation; none
                # of a score that is the same in all draws.
                "width": round(float((high - low).mean()) / (2 * Z * spread), 2)
                if spread
                else None,
                "of_mean": name not in case.true,
            }
        )
    return found


if __name__ == "__main__":
    main()
