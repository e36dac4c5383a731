"""Rank recipes by a score over their seeds, if the score was measured alike for all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from ..errors import UsageError
from ..recipe import differences
from ..safe_io.wording import indent, shell_command, some
from .protocols import diff_settings
from .ranking import Comparison, Pair, Row
from .scored_run import Measured, ScoredRun, Series
from .statistics import holm, permutation, standard_error, welch

MOST_METRICS = 60
MOST_LINES = 12
"""Differences listed in a message."""

Scored = tuple[ScoredRun, int, Measured]
"""A run, the step whose score counts, and that score."""


def compare(
    runs: Sequence[ScoredRun],
    metrics: Sequence[str] = (),
    at: str = "common",
    better: str | None = None,
) -> tuple[list[Comparison], list[str]]:
    """Compare runs by their scores.

    Args:
        runs: Two or more. Those that differ in the seed only make one row.
        metrics: The scores to compare; all that every run has by default. Runs that have none
            of them are left out, where two are left.
        at: ``common``: the last step at which all were scored; ``best`` or ``last`` of each
            run; or a step.
        better: Which values are better, for scores that do not say.

    Returns:
        The comparisons, one for each score and way of measuring that all runs share; and what
        was left out, and why.

    Raises:
        UsageError: If nothing can be compared, or a requested score cannot; the
            message names the fields of the protocols that differ.
    """
    scored, left_out = _drop_unscored(runs, metrics)
    kept, repeats = _drop_repeats(scored)
    left_out += repeats
    if len(kept) < 2:
        raise UsageError("a comparison needs two different runs", hint="; ".join(left_out) or None)
    names = list(dict.fromkeys(metrics)) or sorted({name for run in kept for name in run.series})
    if not names:
        raise UsageError(
            "none of the runs has scores", hint="`advnets evaluate RUN --metric NAME` adds some"
        )
    if len(names) > MOST_METRICS:
        raise UsageError(
            f"the runs have {len(names):,} kinds of scores", hint="choose some with --metric"
        )
    found: list[Comparison] = []
    for metric in names:
        try:
            for how in _shared_settings(kept, metric):
                found.append(_compare_one(kept, metric, how, at, better))
        except UsageError as error:
            if metrics:
                raise
            left_out.append(f"{metric}: {error.message}")
    if not found:
        raise UsageError("nothing can be compared:\n" + "\n".join(f"  {x}" for x in left_out))
    return found, left_out


def _drop_unscored(
    runs: Sequence[ScoredRun], metrics: Sequence[str]
) -> tuple[list[ScoredRun], list[str]]:
    """Return the runs without those that have no score to compare, unless fewer than two have."""
    scored = [run for run in runs if any(name in run.series for name in metrics or run.series)]
    if len(scored) < 2:
        return list(runs), []
    what = f"no score {' or '.join(map(repr, metrics))}" if metrics else "no score"
    return scored, [f"{run.path}: it has {what}" for run in runs if run not in scored]


def _drop_repeats(runs: Sequence[ScoredRun]) -> tuple[list[ScoredRun], list[str]]:
    """Return the runs without those that another one repeats: a seed counts once."""
    kept: dict[tuple[str, str], ScoredRun] = {}
    left_out = [
        f"{run.path}: the same recipe and seed as {before.path}, which counts once"
        for run in runs
        if (before := kept.setdefault((run.without_seed, repr(run.seed)), run)) is not run
    ]
    return list(kept.values()), left_out


def _shared_settings(runs: Sequence[ScoredRun], metric: str) -> list[str]:
    """Return the keys of the settings under which every run has this score.

    Raises:
        UsageError: If there are none.
    """
    for run in runs:
        if metric not in run.series:
            known = some(sorted(run.series), MOST_LINES) or "none"
            adds = shell_command("advnets", "evaluate", run.path, "--metric", metric)
            raise UsageError(
                f"{run.path} has no score {metric!r}; it has: {known}",
                hint=f"`{adds}` adds it, if that is the metric's name",
            )
    shared = [
        how for how in runs[0].series[metric] if all(how in r.series[metric] for r in runs[1:])
    ]
    if shared:
        return shared
    first, second, lines = _find_nearest(runs, metric)
    raise UsageError(
        f"{metric!r} was not measured alike, so it cannot be ranked: {first.path} and "
        f"{second.path} differ in\n{indent(lines, MOST_LINES)}",
        hint="evaluate them in the same way: `advnets evaluate RUN --metric NAME`",
    )


def _find_nearest(runs: Sequence[ScoredRun], metric: str) -> tuple[ScoredRun, ScoredRun, list[str]]:
    """Return two runs that share no settings of this score, and differ least in them."""
    found: list[tuple[bool, int, ScoredRun, ScoredRun, list[str]]] = []
    for first, second in itertools.combinations(runs, 2):
        ours, theirs = first.series[metric], second.series[metric]
        shares_one = bool(set(ours) & set(theirs))
        some_of_each = (itertools.islice(each.values(), MOST_LINES) for each in (ours, theirs))
        for a, b in itertools.product(*some_of_each):
            if lines := diff_settings(a.settings, b.settings):
                found.append((shares_one, len(lines), first, second, lines))
    return min(found, key=lambda item: item[:2])[2:]


def _compare_one(
    runs: Sequence[ScoredRun], metric: str, how: str, at: str, better: str | None
) -> Comparison:
    series = [run.series[metric][how] for run in runs]
    direction = next((s.better for s in series if s.better), None) or better
    groups: dict[str, list[Scored]] = {}
    for run, s in zip(runs, series, strict=True):
        step = _step(run, s, series, metric, at, direction)
        groups.setdefault(run.without_seed, []).append((run, step, s.at[step]))
    ordered = sorted(groups.values(), key=_mean, reverse=direction != "lower")
    rows = [_make_row(group, ordered) for group in ordered]
    which = f"step {step}" if at not in ("best", "last") else at  # one step for all
    return Comparison(
        metric, which, direction, series[0].unit, dict(series[0].settings), rows, _pairs(rows)
    )


def _step(
    run: ScoredRun,
    series: Series,
    all_series: Sequence[Series],
    metric: str,
    at: str,
    better: str | None,
) -> int:
    """Return the step whose score counts for a run."""
    if at == "last":
        return max(series.at)
    if at == "best":
        if better is None:
            raise UsageError(
                f"{metric!r} does not say whether higher or lower values are better",
                hint="give it with --better",
            )
        sign = 1 if better == "higher" else -1
        return max(series.at, key=lambda step: (sign * series.at[step].value, -step))
    if at == "common":
        common = set.intersection(*(set(each.at) for each in all_series))
        if not common:
            raise UsageError(
                f"{metric!r} was measured at no step that all runs share",
                hint="take --at last, or evaluate checkpoints of the same step: --checkpoint STEP",
            )
        return max(common)
    step = int(at)
    if step not in series.at:
        known = ", ".join(map(str, sorted(series.at)[-MOST_LINES:]))
        raise UsageError(f"{run.path} has no {metric!r} at step {step}; it has: {known}")
    return step


def _mean(group: Sequence[Scored]) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean([measured.value for _, _, measured in group]))


def _make_row(group: Sequence[Scored], all_groups: Sequence[Sequence[Scored]]) -> Row:
    run = group[0][0]
    namesakes = sum(other[0][0].name == run.name for other in all_groups)
    known = [measured.error for _, _, measured in group if measured.error is not None]
    first = {**all_groups[0][0][0].recipe, "seed": None}
    with np.errstate(all="ignore"):
        own = float(np.sqrt(np.mean(np.square(known)))) if len(known) == len(group) else None
    return Row(
        run.name if namesakes == 1 else f"{run.name} ({run.without_seed})",
        run.without_seed,
        len(group),
        _mean(group),
        standard_error([measured.value for _, _, measured in group]),
        own,
        [
            {"run": str(each.path), "seed": each.seed, "step": step, **asdict(measured)}
            for each, step, measured in group
        ],
        differences(first, {**run.recipe, "seed": None}),
    )


def _pairs(rows: Sequence[Row]) -> list[Pair]:
    values = [[run["value"] for run in row.runs] for row in rows]
    couples = list(itertools.combinations(range(len(rows)), 2))
    by_welch = [welch(values[a], values[b]) for a, b in couples]
    by_permutation = [permutation(values[a], values[b]) for a, b in couples]
    return [
        Pair(a, b, rows[a].mean - rows[b].mean, *p_values)
        for (a, b), *p_values in zip(
            couples, by_welch, by_permutation, holm(by_welch), holm(by_permutation), strict=True
        )
    ]
