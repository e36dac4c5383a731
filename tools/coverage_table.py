"""The generated part of docs/metrics.md: how often each metric's interval held the true value.

It shows what `python tests/evaluate/measure_coverage.py --write` measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from markdown_table import table

COVERAGE = Path(__file__).parents[1] / "docs" / "metrics" / "coverage.json"


def coverage() -> Iterator[str]:
    """What was drawn, how often the interval held, and how wide it was."""
    found = json.loads(COVERAGE.read_text(encoding="utf-8"))
    yield f"Measured on {found['date']}; ± is the binomial error of so many repetitions:\n"
    rows = []
    for row in found["rows"]:
        share = row["held"] / row["times"]
        error = math.sqrt(share * (1 - share) / row["times"])
        rows.append(
            (
                f"`{row['score']}`" + ("¹" if row["of_mean"] else ""),
                row["what"],
                str(row["times"]),
                f"{100 * share:.1f} ± {100 * error:.1f}",
                "–" if row["width"] is None else f"{row['width']:.1f}",
            )
        )
    yield table(("score", "of what", "repetitions", "holds, in %", "width"), rows)
    yield "¹ The mean over draws of as many examples, not the value for endlessly many.\n"
