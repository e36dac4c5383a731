"""Make a line of metrics.jsonl of scores."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from ..evaluate import Score
from ..safe_io.jsonable import to_jsonable

OF_CURRENT_WEIGHTS, OF_AVERAGED_WEIGHTS = "_current", "_averaged"
"""What names of scores end with that are of other weights than those that the run scores first."""


def line_of(step: int, scores: Iterable[Score], suffix: str = "") -> dict[str, Any]:
    """Return a line of metrics.jsonl.

    >>> line_of(5, [Score("parzen", 225.0, 2.0)], "_current")["scores"]
    {'parzen_current': 225.0, 'parzen_current_error': 2.0}
    """
    values: dict[str, Any] = {}
    for score in scores:
        values[f"{score.metric}{suffix}"] = score.value
        if score.error is not None:
            values[f"{score.metric}{suffix}_error"] = score.error
    return {"step": step, "time": time.time(), "scores": to_jsonable(values)}


def split_by_name(scores: Iterable[Score]) -> list[list[Score]]:
    """Split scores into lines in which each name is unique.

    >>> parted = split_by_name([Score("a", 1.0), Score("b", 2.0), Score("a", 3.0)])
    >>> [[score.value for score in line] for line in parted]
    [[1.0, 2.0], [3.0]]
    """
    lines: list[list[Score]] = []
    for score in scores:
        names = ({other.metric for other in line} for line in lines)
        free = next((i for i, taken in enumerate(names) if score.metric not in taken), None)
        if free is None:
            lines.append([score])
        else:
            lines[free].append(score)
    return lines
