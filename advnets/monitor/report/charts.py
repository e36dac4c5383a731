"""Define the charts of a report: what each of them shows, and of which records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from ...compare.protocols import settings, settings_key
from ..progress import EQUILIBRIUM
from .curves import Chart, Line, chart_to_svg, to_line

KNOWN = {
    *("step", "time", "epoch", "d_loss", "g_loss", "value", "d_real", "d_fake"),
    *("d_accuracy_real", "d_accuracy_fake", "d_gradient_norm", "g_gradient_norm"),
    *("d_learning_rate", "g_learning_rate", "steps_per_second"),
    *("theory_value", "theory_criterion", "theory_jsd", "theory_gap"),
    "theory_discriminator_error",
}
"""Keys of metrics.jsonl with a chart of their own, or none."""
MOST_METRICS = 20
"""Metrics with a chart."""


def make_charts(
    records: Sequence[Mapping[str, Any]], scores: Sequence[Mapping[str, Any]]
) -> list[Chart]:
    """Make the charts that this run's records and scores can fill."""

    def pair(first: str, second: str, names: tuple[str, str]) -> list[Line]:
        return _lines(records, (first, names[0], "real"), (second, names[1], "fake"))

    players, batches = ("discriminator", "generator"), ("real", "generated")
    result = [
        Chart(
            "Value of the game, V(D, G)",
            _lines(records, ("value", "V(D, G)", "ink")),
            "At the equilibrium it is −log 4; above it, D can tell the two apart.",
            "nats",
            (EQUILIBRIUM, "−log 4"),
        ),
        Chart(
            "Theory: V(D, G) and C(G)",
            _lines(
                records,
                ("theory_criterion", "C(G), the best D's", "fake"),
                ("theory_value", "V(D, G), D's", "ink"),
            ),
            "From the densities. C(G) = max V = −log 4 + 2 JSD; V reaches it where D = D*.",
            "nats",
            (EQUILIBRIUM, "−log 4"),
        ),
        Chart(
            "Theory: distances from the solution",
            _lines(
                records,
                ("theory_jsd", "JSD(data ‖ generated), nats", "real"),
                ("theory_discriminator_error", "max |D − D*|", "ink"),
            ),
            "Both are 0 at the solution; JSD is at most log 2, D at most 1 away from D*.",
        ),
        Chart("Losses", pair("d_loss", "g_loss", players), "What each player minimises."),
        Chart(
            "Probability that D gives to “real”",
            pair("d_real", "d_fake", batches),
            "The mean over a batch; both are ½ at the equilibrium.",
            reference=(0.5, "½"),
            limits=(-0.02, 1.02),
        ),
        Chart(
            "Accuracy of D",
            pair("d_accuracy_real", "d_accuracy_fake", batches),
            "The share of each batch that D judges rightly.",
            reference=(0.5, "½"),
            limits=(-0.02, 1.02),
        ),
        Chart(
            "Gradient norms",
            pair("d_gradient_norm", "g_gradient_norm", players),
            "The L2 norm over all of a player's variables.",
            log=_positive(records, "d_gradient_norm", "g_gradient_norm"),
        ),
    ]
    result += extra_charts(records) + score_charts(scores)
    return [chart for chart in result if chart.lines]


def _lines(records: Sequence[Mapping[str, Any]], *curves: tuple[str, str, str]) -> list[Line]:
    """Make curves of keys, labels and colours, as far as the records have numbers for them."""
    return [line for curve in curves if (line := to_line(records, *curve)) is not None]


def _positive(records: Sequence[Mapping[str, Any]], *keys: str) -> bool:
    values = [record[key] for record in records for key in keys if record.get(key) is not None]
    return bool(values) and min(values) > 0


def extra_charts(records: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Make charts of a loss's own numbers; ``x_real`` and ``x_fake`` share one."""
    keys = sorted({key for record in records for key in record} - KNOWN)
    result = []
    for key in keys:
        stem, _, batch = key.rpartition("_")
        if batch == "fake" and f"{stem}_real" in keys:
            continue
        title, curves = key, [(key, key, "real")]
        if batch == "real":
            title, curves = stem, [(key, "real", "real"), (f"{stem}_fake", "generated", "fake")]
        result.append(Chart(title.replace("_", " ").capitalize(), _lines(records, *curves)))
    return result


def score_charts(scores: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Make a chart per metric with several steps, for each way in which it was measured, with a
    line for each kind of weights.
    """
    groups: dict[tuple[str, str], dict[bool, dict[int, Mapping[str, Any]]]] = {}
    for score in scores:
        protocol = score.get("protocol") or {}
        step, averaged = protocol.get("step"), isinstance(protocol.get("averaging"), Mapping)
        if step is not None and score.get("value") is not None:
            how = score["metric"], settings_key(settings(score["metric"], protocol))
            groups.setdefault(how, {}).setdefault(averaged, {})[step] = score
    result = []
    for (metric, _), kinds in islice(groups.items(), MOST_METRICS):
        if max(map(len, kinds.values())) < 2:
            continue
        drawn = [_score_line(metric, kinds, averaged) for averaged in sorted(kinds, reverse=True)]
        by_step = max(kinds.values(), key=max)
        newest = by_step[max(by_step)]
        note = "Bars are one standard error." * any(any(line.error or ()) for line in drawn)
        unit = (newest.get("protocol") or {}).get("unit") or ""
        result.append(Chart(f"Score: {metric}", drawn, note, unit))
    return result


def _score_line(
    metric: str, kinds: Mapping[bool, Mapping[int, Mapping[str, Any]]], averaged: bool
) -> Line:
    """Return the scores of G's average, or of its own weights, against the step."""
    steps = sorted(kinds[averaged])
    some = [kinds[averaged][step] for step in steps]
    name = metric if len(kinds) == 1 else "averaged weights" if averaged else "own weights"
    colour = "fake" if len(kinds) > 1 and not averaged else "ink"
    errors = [score.get("error") or 0.0 for score in some]
    return Line(name, steps, [score["value"] for score in some], colour, errors)


def try_drawing(chart: Chart) -> str | None:
    """Draw the chart as SVG; return ``None`` if its numbers cannot be drawn."""
    try:
        return chart_to_svg(chart)
    except Exception:  # numbers such as 1e308, of which matplotlib has to take differences
        return None
