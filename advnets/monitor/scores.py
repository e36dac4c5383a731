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
