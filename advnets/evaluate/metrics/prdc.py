"""Measure precision, recall, density and coverage of generated examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from ...builtin.metrics import PrdcParameters
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import Interval, jackknife_error, proportion_interval, student_interval
from ..estimators.manifolds import Balls, build_balls, count_containing, nearest_by_group
from ..estimators.pairs import BLOCK
from ..features import Wanted
from ..per_example import per_example
from ..score import Score
from .real_and_generated import real_and_generated

GROUPS = 20
"""Groups of the jackknife."""

Name = Literal["precision", "recall", "density", "coverage"]


@validated_by(PrdcParameters)
def prdc(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
    k: int = 5,
) -> list[Score]:
    r"""Compute precision, recall, density and coverage, by balls around nearest neighbours.

    Each real (and each generated) example has a ball that reaches to its k-th nearest
    neighbour among its own kind.

    - ``precision``: the share of generated examples that lie in the ball of a real one.
    - ``recall``: the share of real examples that lie in the ball of a generated one.
    - ``density``: in how many balls of real examples a generated one lies, divided by k;
      it may exceed 1.
    - ``coverage``: the share of real examples whose ball holds a generated one.

    Higher is better. Density and coverage are less moved by outliers, whose large balls feign
    precision and recall. Even equal distributions don't score 1 in all of them; the expected
    coverage is then 1 − ∏ (n − i)/(n + m − i), about 0.97 with k = 5 and as many of each.
    They depend on the number of examples: compare equal ``samples`` and ``examples`` only.

    Args:
        context: Samples and data.
        features: What distances are measured in; for vectors ``pixels`` by default.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.
        k: Which neighbour the balls reach to.

    Returns:
        Four scores. The errors are those of a jackknife over 20 random groups of real and 20
        of generated examples, the balls computed again without each.

    Raises:
        DataError: If there are too few examples for that.

    Source: Kynkäänniemi et al. 2019 (arXiv:1904.06991), equations 1 and 2; Naeem et al. 2020
    (arXiv:2002.09797), section 3. Points on a ball's surface are inside, as in the former.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    found = neighbour_scores(real, generated, k, seed=context.seed, spread=context.per_example)
    scores = []
    for name, (value, interval) in found.items():
        protocol = context.protocol(
            better="higher",
            **described,
            k=k,
            bias="depends on the numbers of samples and examples",
            error=f"jackknife over {GROUPS} groups of real and {GROUPS} of generated examples",
            **interval.protocol(),
        )
        scores.append(Score(name, value, interval.error, protocol))
    return scores


def neighbour_scores(
    real: np.ndarray,
    generated: np.ndarray,
    k: int,
    groups: int = GROUPS,
    seed: int = 0,
    spread: Callable[..., np.ndarray] = per_example,
) -> dict[Name, tuple[float, Interval]]:
    """Compute the four scores of two sets of features, each with its interval.

    Args:
        real: ``[n, d]``.
        generated: ``[m, d]``.
        k: Which neighbour the balls reach to.
        groups: Groups of the jackknife.
        seed: Of the groups.
        spread: Computes values for each example.

    >>> real = np.array([[0.0], [1.0], [2.0], [10.0]])
    >>> found = neighbour_scores(real, np.array([[0.5], [1.4], [5.0], [40.0]]), 1, groups=4)
    >>> {name: round(value, 3) for name, (value, _) in found.items()}
    {'precision': 0.75, 'recall': 1.0, 'density': 1.25, 'coverage': 1.0}
    """
    of_real = build_balls(real, k, groups, seed, spread)
    of_generated = build_balls(generated, k, groups, seed + 1, spread)
    n, m = len(real), len(generated)
    # How many balls hold each example; column 0 of all, column 1 + g without group g.
    at_once = max(1, BLOCK // max(n, m))
    in_real = spread(count_containing, generated, real, of_real.radii, at_once=at_once)
    in_generated = spread(count_containing, real, generated, of_generated.radii, at_once=at_once)
    nearest = spread(nearest_by_group, real, generated, of_generated.group, at_once=at_once)
    covered = nearest.min(axis=1) <= of_real.radii
    hits = {
        "precision": int((in_real[:, 0] > 0).sum()),
        "recall": int((in_generated[:, 0] > 0).sum()),
        "coverage": int(covered[0].sum()),
    }
    # One array for each kind of example: the score without each of its groups.
    without_centres = {
        "precision": (in_real[:, 1:] > 0).mean(axis=0),
        "recall": (in_generated[:, 1:] > 0).mean(axis=0),
        "density": in_real[:, 1:].mean(axis=0) / k,
        "coverage": _outside(of_real, covered[1:].T),
    }
    others = [np.delete(nearest, g, axis=1).min(axis=1) for g in range(groups)]
    without_examples = {
        "precision": _without(in_real[:, 0] > 0, of_generated),
        "recall": _without(in_generated[:, 0] > 0, of_real),
        "density": _without(in_real[:, 0], of_generated) / k,
        "coverage": np.array([(other <= of_real.radii[0]).mean() for other in others]),
    }
    scores: dict[Name, tuple[float, Interval]] = {}
    totals: dict[Name, int] = {"precision": m, "recall": n, "density": m, "coverage": n}
    for name, total in totals.items():
        share = name in hits
        value = hits[name] / total if share else float(in_real[:, 0].mean()) / k
        error = jackknife_error(without_centres[name], without_examples[name])
        bound = {"least": 0.0, "greatest": 1.0} if share else {"least": 0.0}
        interval = student_interval(value, error, groups - 1, **bound)
        if share and value in (0.0, 1.0):  # where leaving something out changes nothing
            low, high, _ = proportion_interval(hits[name], total)
            interval = Interval(min(low, interval.low), max(high, interval.high), error)
        scores[name] = (value, interval)
    return scores


def _without(values: np.ndarray, of: Balls) -> np.ndarray:
    """Compute the mean of values of some points without those of each group, ``[G]``."""
    size = np.bincount(of.group)
    total = np.bincount(of.group, weights=values)
    return (total.sum() - total) / (len(values) - size)


def _outside(of: Balls, values: np.ndarray) -> np.ndarray:
    """Compute the mean of column g of ``values``, ``[n, G]``, over the points outside group g."""
    return np.array([values[of.group != g, g].mean() for g in range(values.shape[1])])
