"""Draw a sweep: the best value so far, the effect of each parameter, the distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..monitor.report.curves import COLOURS, show_scale, to_svg
from ..safe_io.wording import pluralise, shorten
from .space import Parameter, encode
from .trial import Trial

INK = COLOURS["ink"]
GOOD, ENDED = COLOURS["real"], COLOURS["fake"]
LONGEST_LABEL = 18
MOST_PANELS = 12


def draw_history(trials: Sequence[Trial], maximize: bool, metric: str) -> str:
    """Draw each trial's objective by its number, and the best so far, as SVG."""

    def draw(figure: Any) -> None:
        axes = _axes(figure.subplots(), "trial", metric)
        complete = select_finished(trials)
        pruned = [t for t in trials if t.state == "pruned" and t.value is not None]
        for group, marker, colour, label in (
            (complete, "o", GOOD, "complete"),
            (pruned, "x", ENDED, "pruned, at its last score"),
        ):
            if group:
                x, y = [t.number for t in group], [t.value for t in group]
                axes.plot(x, y, marker, ms=4, color=colour, label=label)
        if complete:
            values = [value for t in complete if (value := t.value) is not None]
            best = (np.maximum if maximize else np.minimum).accumulate(values)
            numbers = [t.number for t in complete]
            axes.step(numbers, best, where="post", color=INK, lw=1.3, label="best so far")
            axes.legend(frameon=False, labelcolor=INK, fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)

    return to_svg("history", draw)


def draw_parameters(trials: Sequence[Trial], space: Sequence[Parameter], metric: str) -> str:
    """Draw the objective against each parameter, in a panel each, as SVG."""
    space = [p for p in space if p.count != 1][:MOST_PANELS] or list(space)[:1]
    columns = min(3, len(space))
    rows = math.ceil(len(space) / columns)

    def draw(figure: Any) -> None:
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
        for index, axes in enumerate(grid):
            if index >= len(space):
                axes.set_visible(False)
                continue
            _panel(axes, trials, space[index], metric if index % columns == 0 else "")

    return to_svg("parameters", draw, (8.4, 2.6 * rows))


def _panel(axes: Any, trials: Sequence[Trial], parameter: Parameter, metric: str) -> None:
    _axes(axes, shorten(parameter.name, 40), metric)
    trials = select_finished(trials)
    y = [trial.value for trial in trials]
    if parameter.entry.choices is None:
        x = [trial.params[parameter.name] for trial in trials]
        if parameter.entry.log_uniform is not None:
            axes.set_xscale("log")
        axes.plot(x, y, "o", ms=3.5, color=GOOD)
        return
    labels = [encode(choice) for choice in parameter.entry.choices]
    positions = {label: index for index, label in enumerate(labels)}
    groups: dict[int, list[float]] = {}
    for trial in trials:
        if trial.value is not None:
            at = positions[encode(trial.params[parameter.name])]
            groups.setdefault(at, []).append(trial.value)
    for at, values in groups.items():
        spread = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else [0.0]
        axes.plot(at + np.asarray(spread), values, "o", ms=3.5, color=GOOD)
        axes.plot([at - 0.3, at + 0.3], [np.mean(values)] * 2, color=INK, lw=1.3)
    axes.set_xticks(range(len(labels)), [shorten(x, LONGEST_LABEL) for x in labels])
    axes.set_xlim(-0.6, len(labels) - 0.4)
    if len(labels) > 3:
        axes.tick_params(axis="x", labelrotation=35)


def histograms(
    groups: Mapping[str, Sequence[float]], metric: str, colours: Mapping[str, str] = COLOURS
) -> Callable[[Any], None]:
    """Return a function that draws the objective's distribution in each group, in a column.

    Args:
        groups: The objectives by the group's name.
        metric: What they are.
        colours: Of ``ink``, ``muted``, ``rule`` and ``real``.

    Returns:
        A function of a ``matplotlib.figure.Figure``.
    """

    def draw(figure: Any) -> None:
        panels = figure.subplots(len(groups), 1, squeeze=False, sharex=True, sharey=True).flat
        together = np.concatenate([*map(np.asarray, groups.values())])
        edges = np.histogram_bin_edges(together, "sturges")
        for index, (axes, (name, values)) in enumerate(zip(panels, groups.items(), strict=True)):
            last = index == len(groups) - 1
            _axes(axes, metric if last else "", "share", colours)
            weights = np.full(len(values), 1 / len(values))
            kept = {"color": colours["real"], "edgecolor": "white", "linewidth": 0.8}
            axes.hist(values, edges, weights=weights, alpha=0.75, **kept)
            axes.axvline(float(np.median(values)), color=colours["ink"], lw=1.2, ls=(0, (4, 3)))
            trials = pluralise(len(values), "trial")
            title = f"{shorten(name, 60)}: {trials}, median {np.median(values):.4g}"
            axes.set_title(title, loc="left", fontsize=9, color=colours["ink"])

    return draw


def select_finished(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials that are complete."""
    return [t for t in trials if t.state == "complete" and t.value is not None]


def _axes(axes: Any, x: str, y: str, colours: Mapping[str, str] = COLOURS) -> Any:
    axes.patch.set_alpha(0)
    axes.set_xlabel(x, color=colours["muted"])
    axes.set_ylabel(y, color=colours["muted"])
    show_scale(axes, colours)
    return axes
