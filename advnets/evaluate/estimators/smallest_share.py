"""Measure the share of the rarest of some modes, and how uncertain it is."""

from __future__ import annotations

import numpy as np

from .interval import LEVEL, Interval


def smallest_share_interval(histogram: np.ndarray) -> tuple[float, Interval]:
    r"""Return the smallest share of a histogram, and an interval of the smallest one of all draws.

    Which mode is the rarest is chosen by the same samples that its share is estimated from, so
    that the estimate is too low, and its binomial interval is, too. Here each of the K modes has
    an exact interval (Clopper and Pearson's) that misses with probability at most α/K, so that
    all hold at once with 1 − α; then the smallest share lies between the smallest of the lower
    ends and the smallest of the upper ends.

    Args:
        histogram: Samples in each mode, ``[K]``.

    Returns:
        The share, from 0 to 1/K, and the interval; its error is the binomial one of that mode.

    Source: Clopper and Pearson 1934; Bonferroni.

    >>> value, interval = smallest_share_interval(np.array([30, 10, 60]))
    >>> value, [round(end, 3) for end in interval]
    (0.1, [0.041, 0.194, 0.03])
    """
    from scipy.stats import beta  # takes a second to import

    counts = np.asarray(histogram, np.float64)
    total = counts.sum()
    tail = (1 - LEVEL) / (2 * len(counts))
    low = np.where(counts > 0, beta.ppf(tail, np.maximum(counts, 1), total - counts + 1), 0.0)
    high = beta.ppf(1 - tail, counts + 1, np.maximum(total - counts, 1))
    high = np.where(counts < total, high, 1.0)
    share = float(counts.min() / total)
    error = float(np.sqrt(share * (1 - share) / total))
    return share, Interval(float(low.min()), float(high.min()), error)
