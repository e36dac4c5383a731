"""Scores: the metrics that a recipe names, computed while the run goes through its rounds."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

from ..evaluate import Score, append_scores
from ..evaluate.features import Extractors
from ..monitor.scores import OF_CURRENT_WEIGHTS, line_of, split_by_name
from .evaluation import Helpers, evaluate_game
from .observer import Moment, Observer, View

log = logging.getLogger(__name__)


class Scores(Observer):
    """Compute the recipe's metrics; keep them in the manifest and as a line of metrics.jsonl.

    The chief computes them, with the help of all workers. A metric that fails is switched off by
    itself; what cannot be kept ends the run.

    Args:
        every: Rounds between two evaluations; 0: none.
        measured: Does a piece of work, and books the time that it takes as evaluation.
    """

    name = "scores"
    everywhere = True
    essential = True  # it switches off its metrics, never itself

    def __init__(self, every: int, measured: Callable[[Callable[[], Any]], Any]):
        self.every, self._measured = every, measured
        self._values: dict[str, tuple[float, str | None]] = {}

    def start(self, view: View, step: int) -> None:
        """Make what helps the metrics on this worker."""
        self._view = view
        extractors = Extractors(view.source, view.registry)
        self._helpers = Helpers(view.game, view.workers, extractors)

    def observe(self, moment: Moment) -> None:
        """Compute, show and keep the scores; others than the chief are left with their values."""

        def work(together: Callable[..., Any]) -> list[Score]:
            return self._scores(moment.step, together)

        coordinate = self._view.workers.coordinate
        moment.scores = self._measured(lambda: coordinate(work, self._helpers)) or []
        moment.measured = self._view.workers.broadcast(self._values)

    def _scores(self, step: int, together: Callable[..., Any]) -> list[Score]:
        view = self._view
        chosen = view.recipe.settings.evaluation.weights
        scores: list[Score] = []
        self._values = {}
        for weights in ("averaged", "current") if chosen == "both" else (chosen,):
            found = evaluate_game(
                *(view.recipe, view.registry, view.source, view.game, together),
                guard=view.guard,
                weights=weights,
            )
            suffix = OF_CURRENT_WEIGHTS if scores else ""
            for score in found:
                log.info(
                    *("step %d: %s%s", step, score, suffix.replace("_", ", ")),
                    extra={"style": "bold"},
                )
                if note := score.protocol.get("note"):
                    log.warning("%s: %s", score.metric, note)
            for line in split_by_name(found):
                view.observers.record(line_of(step, line, suffix))
            self._values |= {
                f"{score.metric}{suffix}": (score.value, better)
                for score in found
                for better in [score.protocol.get("better")]
                if math.isfinite(score.value)
            }
            scores += found
        view.folder.manifest.change(
            lambda data: {"scores": append_scores(data.get("scores") or [], scores)}
        )
        return scores
