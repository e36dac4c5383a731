"""Choose the score that counts, where a metric has several at one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..safe_io.wording import indent
from .protocols import diff_settings, settings

MOST_LINES = 6


def choose_score(
    scores: Sequence[Mapping[str, Any]], seed: Any = None, where: str | None = None
) -> Mapping[str, Any]:
    """Return the score that counts, of one metric's scores at one step.

    Scores of samples drawn with the recipe's own seed come before others: a mean over draws
    would have another error than a single one. Among these, that of averaged weights is chosen,
    where they are kept; if several are left, measured in the same way, the last.

    Args:
        scores: One or more, as manifests have them: ``metric``, ``value``, ``protocol``.
        seed: The recipe's.
        where: Named in the error.

    Raises:
        UsageError: If those that are left were measured in several ways.

    >>> averaged = {"metric": "fid", "value": 1.0, "protocol": {"averaging": {"decay": 0.9}}}
    >>> choose_score([averaged, {"metric": "fid", "value": 2.0, "protocol": {}}])["value"]
    1.0
    """

    def rank(score: Mapping[str, Any]) -> tuple[bool, bool]:
        protocol = score.get("protocol") or {}
        return protocol.get("seed") == seed, bool(protocol.get("averaging"))

    best = max(map(rank, scores))
    left = [score for score in scores if rank(score) == best]
    metric = left[0]["metric"]
    first, *others = (settings(metric, score.get("protocol") or {}) for score in left)
    for other in others:
        if lines := diff_settings(first, other):
            raise UsageError(
                f"{metric!r} was measured in several ways, so it does not say which score "
                f"counts; they differ in\n{indent(lines, MOST_LINES)}",
                where=where,
                hint="let evaluation.metrics list the metric once",
            )
    return left[-1]
