"""Choose the score that counts, where a metric has several at one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..safe_io.wording import indent
from .protocols import diff_settings, settings, settings_key

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
    ranks = [_rank(score.get("protocol") or {}, seed) for score in scores]
    left = [score for score, rank in zip(scores, ranks, strict=True) if rank == max(ranks)]
    if len(left) > 1:
        _refuse_ambiguous(left, where)
    return left[-1]


def _rank(protocol: Mapping[str, Any], seed: Any) -> tuple[bool, bool]:
    return protocol.get("seed") == seed, bool(protocol.get("averaging"))


def _refuse_ambiguous(scores: Sequence[Mapping[str, Any]], where: str | None) -> None:
    metric = scores[0]["metric"]
    first, *others = (settings(metric, score.get("protocol") or {}) for score in scores)
    for other in others:
        if settings_key(first) != settings_key(other):
            shown = indent(diff_settings(first, other), MOST_LINES)
            raise UsageError(
                f"{metric!r} was measured in several ways, so it does not say which score "
                f"counts; they differ in\n{shown}",
                where=where,
                hint="let evaluation.metrics list the metric once",
            )
