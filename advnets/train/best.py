"""Which checkpoint was the best so far, by a metric that the recipe names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..compare import choose_score
from ..errors import UsageError
from ..evaluate import Score
from ..recipe.schema import BestCheckpoint


@dataclass
class Best:
    """Hold the best score so far and the step it was measured at.

    It is kept in the checkpoints (:meth:`kept`), so that a run that resumes from one knows
    what was known there, neither more nor less.

    Attributes:
        metric: The name of the scores that count.
        mode: ``max`` or ``min``: which is better.
        step: Where the best was measured; ``None`` before the first.
        value: What it was.

    >>> best = Best("parzen", "max")
    >>> best.consider(10, [Score("parzen", 1.0)]), best.consider(20, [Score("parzen", 0.5)])
    (True, False)
    >>> Best.resume(best.kept(), BestCheckpoint(metric="parzen", mode="max")).step
    10
    """

    metric: str
    mode: str
    step: int | None = None
    value: float | None = None

    @classmethod
    def resume(cls, kept: Mapping[str, Any] | None, wanted: BestCheckpoint | None) -> Best | None:
        """Return what a checkpoint kept, if it was of what the recipe asks for; ``None`` if of
        nothing.

        Args:
            kept: What :meth:`kept` returned.
            wanted: The recipe's ``checkpoints.best``.
        """
        if wanted is None:
            return None
        if kept is not None and (kept["metric"], kept["mode"]) == (wanted.metric, wanted.mode):
            return cls(**kept)
        return cls(wanted.metric, wanted.mode)

    def kept(self) -> dict[str, Any]:
        """Return what a checkpoint is to keep of it."""
        return {
            "metric": self.metric,
            "mode": self.mode,
            "step": self.step,
            "value": self.value,
        }

    def go_back(self, kept: Mapping[str, Any] | None) -> None:
        """Forget what was measured after the checkpoint that kept this, or after the start."""
        self.step, self.value = (kept["step"], kept["value"]) if kept else (None, None)

    def consider(self, step: int, scores: Iterable[Score], failed: bool = False) -> bool:
        """Look at the scores of a step; whether it is the best so far. Of equals, the first is.

        Where averaged and current weights were scored, the averaged ones count.

        Args:
            step: The round.
            scores: What was measured after it.
            failed: Whether a metric has failed, which may be why the metric's score is not here.

        Raises:
            UsageError: If none of them is of the metric, or several that were not measured alike.
        """
        scores = list(scores)
        named = [score for score in scores if score.metric == self.metric]
        if not named and failed:
            return False
        if not named:
            raise UsageError(
                f"checkpoints.best.metric is {self.metric!r}, which no metric computed",
                hint=f"the recipe's metrics computed: {', '.join(s.metric for s in scores)}",
            )
        entries = [score.to_dict() for score in named]
        chosen = choose_score(entries, where="checkpoints.best")["value"]
        value = math.nan if chosen is None else float(chosen)
        if not math.isfinite(value):
            return False
        sign = 1 if self.mode == "max" else -1
        if self.value is not None and sign * value <= sign * self.value:
            return False
        self.step, self.value = step, value
        return True
