"""Test whether two recipes differ, from the scores of a few seeds each."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence

import numpy as np

MOST_SPLITS = 200_000
"""Ways to divide the scores that an exact permutation test looks at."""


def standard_error(values: Sequence[float]) -> float | None:
    """Compute the standard error of a mean over seeds, s/√n with n − 1 in s; ``None`` for n = 1.

    >>> round(standard_error([1.0, 2.0, 3.0]), 6), standard_error([1.0])
    (0.57735, None)
    """
    if len(values) < 2:
        return None
    with np.errstate(all="ignore"):
        return _finite(float(np.std(values, dtype=np.float64, ddof=1)) / math.sqrt(len(values)))


def welch(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Compute the two-sided p-value of Welch's t-test, for groups with different variances.

    Returns:
        ``None`` where a group has fewer than two values, or neither has any spread.

    Source: Welch 1947, "The generalization of 'Student's' problem when several different
    population variances are involved".

    >>> round(welch([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), 6)
    0.021312
    """
    if min(len(first), len(second)) < 2:
        return None
    from scipy import stats

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's, of values that hardly differ
        if np.ptp(first) == np.ptp(second) == 0:
            return None
        return _finite(float(stats.ttest_ind(first, second, equal_var=False).pvalue))


def permutation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Compute the two-sided p-value of the exact permutation test on the difference of means.

    The share, among all ways to divide the scores into groups of these sizes, of those whose
    means lie at least as far apart. It supposes nothing about distributions, and cannot be
    less than 1 (2, for groups of one size) over the number of ways.

    Returns:
        ``None`` where a group has fewer than two values, or there are more than 200,000 ways.

    >>> permutation([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    0.1
    """
    n, m = len(first), len(second)
    if min(n, m) < 2 or math.comb(n + m, n) > MOST_SPLITS:
        return None
    pooled = np.asarray([*first, *second], np.float64)
    chosen = np.fromiter(
        itertools.chain.from_iterable(itertools.combinations(range(n + m), n)), np.int64
    ).reshape(-1, n)
    with np.errstate(all="ignore"):
        sums = pooled[chosen].sum(axis=1)
        apart = np.abs(sums / n - (pooled.sum() - sums) / m)
        scale = np.abs(pooled).max()
        return _finite(float(np.mean(apart >= apart[0] - 1e-12 * scale)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Apply Holm's correction to p-values, for so many tests at once.

    The i-th smallest of m is multiplied by m − i + 1; none may fall below a smaller one's.
    ``None`` stays, and is no test.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    order = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    reached = 0.0
    for rank, (p, index) in enumerate(order):
        reached = max(reached, min(1.0, p * (len(order) - rank)))
        corrected[index] = reached
    return corrected


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
