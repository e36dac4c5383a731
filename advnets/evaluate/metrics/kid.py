"""Measure the kernel inception distance (KID), an unbiased discrepancy of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...builtin.metrics import KidParameters
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.discrepancy import ERROR, discrepancy, discrepancy_interval
from ..estimators.interval import Interval
from ..estimators.pairs import polynomial
from ..features import Wanted
from ..score import Score
from .real_and_generated import add_note, real_and_generated


@validated_by(KidParameters)
def kid(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
    subsets: int = 100,
    subset_size: int = 1_000,
) -> list[Score]:
    r"""Compute the squared maximum mean discrepancy of features, with k(x, y) = (x·y/d + 1)³.

    Lower is better; unlike the Fréchet distance it has no bias, so that scores of different
    ``samples`` estimate the same quantity, and 0 is what a perfect generator scores on
    average. It is called KID where ``features`` is ``inception``.

    Two scores: ``kid`` uses all pairs; ``kid_subsets`` is the mean over random subsets, as
    published figures are, with their standard deviation (the ± of most papers) in the protocol
    as ``subsets_std``. Both estimate the same; the latter is left out where there are fewer
    examples than a subset has.

    Args:
        context: Samples and data.
        features: What the kernel is given; for vectors ``pixels`` by default.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.
        subsets: How many subsets; 0 for none.
        subset_size: Examples on either side of a subset.

    Returns:
        One or two scores. The error is that of U-statistics, to which that of ``kid_subsets``
        adds what the choice of subsets does.

    Raises:
        DataError: If there are fewer than four examples on either side.

    Source: Bińkowski et al. 2018 (arXiv:1801.01401), section 4; 100 subsets of 1,000 are the
    defaults of its authors' code (from memory: unsure of the count).
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    found = discrepancy(real, generated, "polynomial", spread=context.per_example)
    interval = discrepancy_interval(found)

    def score(name: str, value: float, interval: Interval, **more: Any) -> Score:
        protocol = context.protocol(
            better="lower",
            kernel="(x.y/d + 1)^3",
            **add_note(described, found.note()),
            **more,
            **interval.protocol(),
        )
        return Score(name, value, interval.error, protocol)

    scores = [score("kid", found.value, interval, estimator="unbiased, all pairs", error=ERROR)]
    if subsets and subset_size <= min(len(real), len(generated)):
        chosen = draw_subsets(len(generated), len(real), subsets, subset_size, context.seed)
        values = context.per_example(subset_discrepancies, chosen, generated, real, at_once=1)
        mean, std = float(values.mean()), float(values.std())
        of_mean = discrepancy_interval(found._replace(value=mean), std**2 / subsets)
        how = {
            "estimator": "unbiased, mean over random subsets",
            "subsets": subsets,
            "subset_size": subset_size,
            "subsets_std": std,
            "error": f"{ERROR}, and standard deviation / sqrt(subsets)",
        }
        scores.append(score("kid_subsets", mean, of_mean, outcomes=["subsets_std"], **how))
    return scores


def polynomial_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Compute the unbiased estimate of one pair of samples of any sizes, held in memory whole.

    >>> polynomial_mmd(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]))
    -3.5
    """
    within = [
        (np.sum(kernel) - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1))
        for kernel in (polynomial(x, x), polynomial(y, y))
    ]
    return float(sum(within) - 2 * polynomial(x, y).sum() / (len(x) * len(y)))


def draw_subsets(n: int, m: int, subsets: int, size: int, seed: int) -> np.ndarray:
    """Draw indices of subsets without repetition, in the order in which torch-fidelity does.

    Returns:
        int ``[subsets, 2, size]``: into the ``n`` generated ones, into the ``m`` real ones.

    >>> draw_subsets(5, 4, 3, 2, seed=0).shape
    (3, 2, 2)
    """
    draw = np.random.RandomState(seed)
    pairs = ((n, m) for _ in range(subsets))
    return np.array([[draw.choice(k, size, replace=False) for k in pair] for pair in pairs])


def subset_discrepancies(chosen: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute :func:`polynomial_mmd` of each subset of ``chosen``, ``[subsets, 2, size]``.

    >>> subset_discrepancies(np.array([[[0, 1], [1, 2]]]), np.arange(2.0)[:, None],
    ...     np.array([[5.0], [0.0], [1.0]]))
    array([-3.5])
    """
    return np.array([polynomial_mmd(x[first], y[second]) for first, second in chosen])
