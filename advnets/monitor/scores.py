"""Scores in metrics.jsonl, TensorBoard and the report, during a run and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..evaluate import Score, append_scores
from ..recipe import Recipe
from ..runs import RunFolder
from ..runs.plain import plain
from .tensorboard import EventLog

OF_CURRENT_WEIGHTS = "_current"
"""What the names of scores of G's own weights end with, where averaged ones are scored too."""


def line_of(step: int, scores: Iterable[Score], suffix: str = "") -> dict[str, Any]:
    """A line of metrics.jsonl.

    >>> line_of(5, [Score("parzen", 225.0, 2.0)], "_current")["scores"]
    {'parzen_current': 225.0, 'parzen_current_error': 2.0}
    """
    values: dict[str, Any] = {}
    for score in scores:
        values[f"{score.metric}{suffix}"] = score.value
        if score.error is not None:
            values[f"{score.metric}{suffix}_error"] = score.error
    return {"step": step, "time": time.time(), "scores": plain(values)}


def shown(events: EventLog, line: Mapping[str, Any]) -> None:
    """Write a line's scores into event files, without their errors."""
    values = {
        f"scores/{name}": value
        for name, value in line["scores"].items()
        if value is not None and not name.endswith("_error")
    }
    events.values(line["step"], values)


def keep_afterwards(
    folder: RunFolder, recipe: Recipe, scores: Iterable[Score], warn: Callable[[str], None]
) -> None:
    """Put scores into a run's manifest, report, metrics.jsonl and event files.

    What was measured before in the same way, and came to the same, is not written again. While
    the run is going on, only its manifest and report are changed: the other files are
    the run's own until it ends.

    Args:
        folder: The run's folder.
        recipe: Its recipe.
        scores: What was measured of it; the step is that of each score's protocol.
        warn: Told what could not be done, in words.

    Raises:
        RunError: If the folder takes nothing.
    """
    from .report import write_report  # what a run needs at its end only

    known = folder.manifest.get("scores") or []
    fresh = [score for score in scores if score.to_dict() not in known]
    folder.manifest.update(scores=append_scores(known, fresh))
    with folder.if_idle() as idle:
        if not idle:
            warn("the run is going on: the scores are in its manifest and report only")
        elif fresh:
            _append(folder, recipe, fresh, warn)
    write_report(folder)


def _append(
    folder: RunFolder, recipe: Recipe, scores: Iterable[Score], warn: Callable[[str], None]
) -> None:
    lines: dict[tuple[int, str], list[Score]] = {}
    for score in scores:
        place = (int(score.protocol.get("step") or 0), _suffix(recipe, score))
        lines.setdefault(place, []).append(score)
    told = (recipe.data.get("monitoring") or {}).get("tensorboard", True)
    events = EventLog(folder.tensorboard, None, warn) if told else None
    for (step, suffix), some in lines.items():
        line = line_of(step, some, suffix)
        folder.append_metrics(line)
        if events is not None:
            shown(events, line)
    if events is not None:
        events.close(succeeded=None)


def _suffix(recipe: Recipe, score: Score) -> str:
    """What a run adds to the name of such a score."""
    averaged = bool(recipe.data.get("averaging")) and not score.protocol.get("averaging")
    return OF_CURRENT_WEIGHTS * (averaged and recipe.data["evaluation"]["weights"] != "current")
