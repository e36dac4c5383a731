"""Write the report of a sweep: one page that needs nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from .._version import __version__
from ..monitor.report.curves import to_svg
from ..recipe import write_yaml
from ..safe_io.atomic import write_atomically
from ..safe_io.wording import shorten
from . import charts
from .folder import SweepFolder
from .load import Sweep
from .trial import Trial

MOST_ROWS = 1000
MOST_GROUPS = 6
LONGEST = 200
HISTORY = "The objective of each trial, in the order of their beginnings."
PARAMETERS = "The objective against each parameter, of trials played to their end; lines are means."
DISTRIBUTION = "How it is distributed."


def rank(trials: Sequence[Trial], maximize: bool) -> list[Trial]:
    """Sort trials, the best first; of equals, the first; then those that were ended early."""
    sign = -1.0 if maximize else 1.0
    order = ("complete", "pruned", "failed", "running")
    return sorted(trials, key=lambda t: (order.index(t.state), sign * (t.value or 0.0), t.number))


def find_best(trials: Sequence[Trial], maximize: bool) -> Trial | None:
    """Return the best complete trial; of equals, the first."""
    return next(iter(rank(charts.select_finished(trials), maximize)), None)


def write_report(folder: SweepFolder, sweep: Sweep, trials: Sequence[Trial]) -> None:
    """Write the sweep's report.html.

    Raises:
        RunError: If it cannot be written.
    """
    write_atomically(folder.report_file, render(sweep, trials))


def render(sweep: Sweep, trials: Sequence[Trial]) -> str:
    """Render the page's HTML."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    source = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    best = find_best(trials, sweep.maximize)
    objective = sweep.schema.objective
    states = Counter(trial.state for trial in trials)
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    names = [parameter.name for parameter in sweep.space]
    return environment.from_string(source).render(
        title=sweep.name,
        summary=f"{len(trials)} of {sweep.trials} trials ({counts or 'none begun'}) of "
        f"{sweep.recipe.name}, with seeds {', '.join(map(str, sweep.seeds))}; objective: "
        f"{objective.metric}, {objective.mode}imal, {objective.at}",
        best=best
        and {
            "number": best.number,
            "outcome": f"{best.value:.5g}",
            "params": ", ".join(f"{k} = {_short(v)}" for k, v in best.params.items()),
        },
        drawings=_drawings(sweep, trials),
        columns=["trial", "state", objective.metric, "± over seeds", *names, "seconds", ""],
        rows=[{"best": t is best, "cells": _cells(t, names)} for t in trials[:MOST_ROWS]],
        more=max(0, len(trials) - MOST_ROWS),
        sweep=write_yaml(sweep.to_dict()),
        version=__version__,
        source=sweep.source,
    )


def _drawings(sweep: Sweep, trials: Sequence[Trial]) -> list[tuple[str, str]]:
    if not charts.select_finished(trials):
        return []
    metric = sweep.schema.objective.metric
    found = [
        (HISTORY, _try(charts.draw_history, trials, sweep.maximize, metric)),
        (PARAMETERS, _try(charts.draw_parameters, trials, sweep.space, metric)),
    ]
    for name, groups in _groups(sweep, trials).items():
        caption = f"How the objective is distributed, by {name}." if name else DISTRIBUTION
        draw, size = charts.histograms(groups, metric), (5.6, 1.0 + 1.4 * len(groups))
        found.append((caption, _try(to_svg, f"by {name}", draw, size)))
    return [(caption, drawn) for caption, drawn in found if drawn]


def _groups(sweep: Sweep, trials: Sequence[Trial]) -> dict[str, dict[str, list[float]]]:
    """Group the objectives: all together, and by the choices of each parameter that has few."""
    complete = charts.select_finished(trials)
    found = {"": {"all": [t.value for t in complete if t.value is not None]}}
    for parameter in sweep.space:
        groups: dict[str, list[float]] = {}
        for trial in complete:
            label = _short(trial.params[parameter.name])
            groups.setdefault(label, []).append(trial.value or 0.0)
        if 1 < len(groups) <= MOST_GROUPS and min(map(len, groups.values())) >= 5:
            found[parameter.name] = groups
    return found


def _try(draw: Callable[..., str], *arguments: Any) -> str | None:
    try:
        return draw(*arguments)
    except Exception:  # numbers such as 1e308, of which matplotlib has to take differences
        return None


def _cells(trial: Trial, names: Sequence[str]) -> list[str]:
    own = [_short(trial.params.get(name)) for name in names]
    own += [f"{trial.seconds:.0f}" if trial.ended else "", _short(trial.reason)]
    return [str(trial.number), trial.state, *trial.format_value(), *own]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, LONGEST)
