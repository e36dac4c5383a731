"""Define a score and its protocol.

A number without the way it was measured cannot be compared with anything. A
:class:`Score` therefore carries its error and its protocol (sample counts, splits,
seeds, the step and a hash of the weights).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import PluginError
from ..safe_io.jsonable import to_jsonable
from .estimators.interval import drop_rounding


@dataclass(frozen=True)
class Score:
    """Hold one number, its error, and how it was measured.

    Attributes:
        metric: The metric's name.
        value: The number; its unit is part of the protocol or of the metric's documentation.
        error: Its standard error, in the same unit, or ``None`` where none is defined.
        protocol: All that somebody needs to repeat the measurement; JSON values only. What
            ``MetricContext.protocol`` adds says which of it may differ between scores that
            are compared.

    >>> score = Score("parzen", 225.0, 2.0, {"samples": 10000})
    >>> print(score)
    parzen 225 ± 2
    >>> print(Score("modes", 8.0, 0.0))
    modes 8
    >>> Score.from_dict(score.to_dict()) == score
    True
    """

    metric: str
    value: float
    error: float | None = None
    protocol: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        error = self.error
        if error is None or not math.isfinite(error) or drop_rounding(self.value, error) == 0:
            return f"{self.metric} {self.value:.5g}"
        return f"{self.metric} {self.value:.5g} ± {error:.2g}"

    def to_dict(self) -> dict[str, Any]:
        """Return the score as JSON values; a number that is not finite becomes ``None``."""
        return {
            "metric": self.metric,
            "value": _finite(self.value),
            "error": _finite(self.error),
            "protocol": {key: to_jsonable(value) for key, value in self.protocol.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Score:
        """Return the score that :meth:`to_dict` wrote."""
        value = values.get("value")
        return cls(
            values["metric"],
            math.nan if value is None else float(value),
            values.get("error"),
            dict(values.get("protocol") or {}),
        )


def append_scores(
    existing: Iterable[Mapping[str, Any]], scores: Iterable[Score]
) -> list[dict[str, Any]]:
    """Return the list for a manifest: ``existing`` entries followed by ``scores``.

    A score measured again in the same way (same metric, same protocol) replaces the
    older entry, so that evaluating a run twice does not lengthen its manifest.

    >>> first = append_scores([], [Score("parzen", 1.0, 0.1, {"step": 5})])
    >>> len(append_scores(first, [Score("parzen", 1.0, 0.1, {"step": 5})]))
    1
    >>> [entry["protocol"]["step"] for entry in append_scores(first, [Score("parzen", 2.0, 0.1,
    ...     {"step": 6})])]
    [5, 6]
    """
    fresh = [score.to_dict() for score in scores]
    keys = [(entry["metric"], entry["protocol"]) for entry in fresh]
    kept = [dict(e) for e in existing if (e.get("metric"), e.get("protocol")) not in keys]
    return kept + fresh


def drop_after(scores: Iterable[Mapping[str, Any]], step: int) -> list[dict[str, Any]]:
    """Return a manifest's scores without those of rounds after a step, which were rolled back.

    >>> drop_after([{"metric": "parzen", "protocol": {"step": s}} for s in (5, 10)], 5)
    [{'metric': 'parzen', 'protocol': {'step': 5}}]
    """
    return [dict(e) for e in scores if ((e.get("protocol") or {}).get("step") or 0) <= step]


def check_scores(metric: str, returned: Any) -> list[Score]:
    """Check what a metric returned, and return it as a list of scores.

    Raises:
        PluginError: If it is neither a :class:`Score` nor a list of them.

    >>> check_scores("mine", 3.0)
    Traceback (most recent call last):
    ...
    advnets.errors.PluginError: metric 'mine' returned float, not a list of advnets.evaluate.Score
    """
    if isinstance(returned, Score):
        return [returned]
    if isinstance(returned, list | tuple) and all(isinstance(item, Score) for item in returned):
        return list(returned)
    raise PluginError(
        f"metric {metric!r} returned {type(returned).__name__}, "
        "not a list of advnets.evaluate.Score"
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
