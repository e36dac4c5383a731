"""Add scores that were measured after a run to its manifest, records and report."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ...errors import RunError
from ...evaluate import Score, append_scores
from ...recipe import Recipe
from ...runs import RunFolder
from ...safe_io.jsonable import to_jsonable
from ..scores import OF_AVERAGED_WEIGHTS, OF_CURRENT_WEIGHTS, line_of, split_by_name
from ..tensorboard import EventLog
from .report import write_report

log = logging.getLogger(__name__)


def add_afterwards(
    folder: RunFolder, recipe: Recipe, scores: Sequence[Score], step: int, averaged: bool
) -> None:
    """Add scores to a run's manifest, report, metrics.jsonl and event files.

    A number that metrics.jsonl has under its name at this step is not written again. While the
    run is in progress, only its manifest and report are changed: the run itself writes the other
    files until it ends.

    Args:
        folder: The run's folder.
        recipe: Its recipe.
        scores: What was measured of it.
        step: Of the generator that was scored.
        averaged: Whether that was the average of G's weights.

    Raises:
        RunError: If the folder cannot be written to.
    """
    folder.manifest.change(lambda data: {"scores": append_scores(data.get("scores") or [], scores)})
    with folder.lock().if_free() as idle:
        if not idle:
            log.warning(
                "the run is in progress: the scores are in its manifest and report only; "
                "the same command puts them into metrics.jsonl when it has ended"
            )
        else:
            _append(folder, recipe, scores, step, _suffix(recipe, averaged))
    write_report(folder)


def _append(
    folder: RunFolder, recipe: Recipe, scores: Sequence[Score], step: int, suffix: str
) -> None:
    known = _known(folder, step)
    fresh = [s for s in scores if (f"{s.metric}{suffix}", to_jsonable(s.value)) not in known]
    if not fresh:
        return
    lines = [line_of(step, some, suffix) for some in split_by_name(fresh)]
    for line in lines:
        folder.metrics.append(line)
    if recipe.settings.monitoring.tensorboard:
        try:
            events = EventLog(folder.tensorboard, None)
            for line in lines:
                events.record(line)
            events.close(succeeded=None)
        except RunError as error:
            log.warning(f"{error.message}; they lack what was measured now")


def _known(folder: RunFolder, step: int) -> set[tuple[str, Any]]:
    """Read names and values of the scores that metrics.jsonl has at a step."""
    found: set[tuple[str, Any]] = set()
    for record in folder.metrics.stream():
        scores = record.get("scores")
        if record["step"] == step and isinstance(scores, dict):
            found |= {(k, v) for k, v in scores.items() if v is None or isinstance(v, int | float)}
    return found


def _suffix(recipe: Recipe, averaged: bool) -> str:
    """Return the suffix that such scores have, unlike those that the run itself writes."""
    if recipe.settings.averaging is None:
        return ""
    if recipe.settings.evaluation.weights == "current":
        return OF_AVERAGED_WEIGHTS * averaged
    return OF_CURRENT_WEIGHTS * (not averaged)
