"""What is said of the rates of contestants that took turns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def median(rates: Sequence[float]) -> float:
    """The middle rate.

    >>> median([3.0, 1.0, 2.0])
    2.0
    """
    return statistics.median(rates)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as fast: the median, over alternations, of the ratio within each.

    Contestants that played one after the other met the same machine, so that a drift of its
    speed cancels. Where one of them played fewer turns, the medians are compared.

    >>> ratio([2.0, 4.0, 6.0], [1.0, 1.0, 3.0])
    2.0
    >>> ratio([2.0, 4.0, 6.0], [2.0])
    2.0
    """
    if len(ours) != len(theirs):
        return median(ours) / median(theirs)
    return median([a / b for a, b in zip(ours, theirs, strict=True)])


def spread(rates: Sequence[float]) -> float:
    """Half the distance between the fastest and the slowest turn, relative to the median.

    >>> spread([9.0, 10.0, 11.0])
    0.1
    """
    return (max(rates) - min(rates)) / 2 / median(rates)
