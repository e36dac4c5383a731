"""Compute how uncertain a score is, its standard error and an interval, from formulas.

Where a formula is at hand it is better than resampling
(:mod:`advnets.evaluate.estimators.bootstrap`): it costs nothing and has no noise of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

LEVEL = 0.95
"""The share of repetitions in which an interval should hold the true value."""

ROUNDING = 1e-12
"""Of a value: what an error cannot be told from."""

Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
"""The standard normal distribution's quantile at the upper end: 1.96."""


class Interval(NamedTuple):
    """Hold a confidence interval and the standard error it belongs to.

    Attributes:
        low: Its lower end, in the score's unit.
        high: Its upper end.
        error: The standard error, in the same unit.

    >>> Interval(1.0, 3.0, 0.5).protocol()
    {'interval': [1.0, 3.0], 'interval_level': 0.95}
    """

    low: float
    high: float
    error: float

    def protocol(self, **more: Any) -> dict[str, Any]:
        """Return the interval's entries of a score's protocol, and ``more``."""
        return {"interval": [self.low, self.high], "interval_level": LEVEL} | more


def normal_interval(
    value: float, error: float, *, least: float = -math.inf, greatest: float = math.inf
) -> Interval:
    """Return ``value`` ± 1.96 ``error``, cut at the least and greatest values that are possible.

    >>> low, high, error = normal_interval(1.0, 1.0, least=0.0)
    >>> low, round(high, 2), error
    (0.0, 2.96, 1.0)
    """
    error = drop_rounding(value, error)
    half = Z * error
    return Interval(max(value - half, least), min(value + half, greatest), error)


def drop_rounding(value: float, error: float) -> float:
    """Return an error, 0 where it is that of float64's sums and none of its own.

    >>> drop_rounding(8.0, 4e-15), drop_rounding(8.0, 4e-3)
    (0.0, 0.004)
    """
    return 0.0 if error <= ROUNDING * abs(value) else error


def mean_interval(values: np.ndarray) -> Interval:
    """Return the interval of a mean of independent values: std/√n, with n − 1 in the variance.

    >>> mean_interval(np.array([0.0, 0.0, 2.0, 2.0])).error ** 2 * 3
    1.0
    """
    values = np.asarray(values, np.float64)
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
    return normal_interval(float(values.mean()), error)


def proportion_interval(hits: float, trials: float, effect: float = 1.0) -> Interval:
    """Return Wilson's interval for a proportion, and the binomial error √(p(1−p)/n).

    Unlike p ± 1.96 errors it stays within [0, 1] and keeps its width where p is 0 or 1.

    Args:
        hits: Of the trials; any number from 0 to ``trials``.
        trials: Their number n.
        effect: By what the variance differs from the binomial one (Kish's design effect): 2 for
            trials that come in pairs with the same outcome.

    Source: Wilson 1927; Kish 1965, "Survey Sampling", section 8.2.

    >>> low, high, error = proportion_interval(50, 100)
    >>> round(low, 4), round(high, 4), error
    (0.4038, 0.5962, 0.05)
    >>> proportion_interval(0, 10).high > 0.2
    True
    >>> proportion_interval(20, 40, effect=2.0)[:2] == proportion_interval(10, 20)[:2]
    True
    """
    p = hits / trials
    z2 = Z**2 * effect
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (p * (1 - p) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    error = math.sqrt(effect * p * (1 - p) / trials)
    # At the edges the exact ends are 0 and 1, which rounding misses.
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    return Interval(low, 1.0 if hits == trials else min(1.0, centre + half), error)


def jackknife_error(*leave_one_out: Sequence[float] | np.ndarray) -> float:
    r"""Compute the jackknife's standard error of a statistic of one or more independent samples.

    .. math:: \sum_s \frac{G_s-1}{G_s} \sum_g (θ_{s,-g} - \bar θ_s)^2

    Args:
        *leave_one_out: For each sample, the statistic with one of its G examples (or of its
            G groups of equal size, picked at random) left out.

    Returns:
        The square root of the sum above.

    Source: Quenouille, Tukey; Efron 1982, "The Jackknife, the Bootstrap and Other Resampling
    Plans"; for several samples Arvesen 1969.

    >>> x = np.array([1.0, 2.0, 3.0, 6.0])
    >>> error = jackknife_error((x.sum() - x) / 3)  # of the mean: std/√n
    >>> bool(np.isclose(error, x.std(ddof=1) / 2))
    True
    """
    variance = 0.0
    for values in leave_one_out:
        values = np.asarray(values, np.float64)
        variance += (len(values) - 1) * float(values.var())
    return math.sqrt(variance)


def student_interval(
    value: float,
    error: float,
    freedom: int,
    *,
    least: float = -math.inf,
    greatest: float = math.inf,
) -> Interval:
    """Return :func:`normal_interval`'s like, where the error itself rests on few values.

    Args:
        value: The score.
        error: Its standard error.
        freedom: Degrees of freedom that the error was estimated with.
        least: What the score cannot be less than.
        greatest: What it cannot exceed.

    >>> round(student_interval(0.0, 1.0, 19).high, 3)
    2.093
    """
    error = drop_rounding(value, error)
    half = student_quantile(freedom) * error
    return Interval(max(value - half, least), min(value + half, greatest), error)


def student_quantile(freedom: float) -> float:
    """Compute the quantile of Student's distribution at the upper end of an interval.

    >>> round(student_quantile(19), 3), bool(student_quantile(1e9) > Z)
    (2.093, True)
    """
    from scipy.stats import t  # takes a second to import

    return float(t.ppf(0.5 + LEVEL / 2, freedom))


def invert(value: float, constant: float, slope: float, weight: float) -> tuple[float, float]:
    r"""Compute the ends of those θ ≥ 0 from which an estimate is no farther than chance takes it.

    .. math:: (\hat θ - θ)^2 \le t^2 (c + s θ)

    For squared distances, whose variance grows with them: an estimate ± so many of its own errors
    would be too short where the estimate happens to be small, since its error is then small too.
    (Of 100 normal examples 0.2 deviations apart it holds 81 %.) Wilson's interval of a
    proportion is made alike.

    Args:
        value: The estimate of θ.
        constant: c, its variance where θ = 0.
        slope: s, by how much its variance grows with θ.
        weight: The number of equally heavy examples that would be as sure of the variance; less
            one, the degrees of freedom of Student's t.

    Returns:
        Two ends with the estimate between them; the lower one is not negative but where that is.

    Source: own; Wilson 1927.

    >>> low, high = invert(4.0, 0.0, 1.0, 1e9)
    >>> round((4 - low) ** 2 / low, 2), round((4 - high) ** 2 / high, 2)
    (3.84, 3.84)
    """
    t2 = student_quantile(max(weight - 1.0, 2.0)) ** 2
    middle = value + t2 * slope / 2
    half = math.sqrt(max(middle**2 - value**2 + t2 * constant, 0.0))
    return min(max(middle - half, 0.0), value), max(middle + half, 0.0)


def equal_weights(squares: np.ndarray) -> float:
    """Compute the number of equally heavy examples that are as sure of a sum of squares as these.

    >>> equal_weights(np.array([1.0, 1.0, 1.0])), equal_weights(np.array([1.0, 0.0, 0.0]))
    (3.0, 1.0)
    """
    if not squares.any():
        return float(len(squares))
    shares = squares / squares.max()  # of which no square overflows
    return float(shares.sum() ** 2 / (shares @ shares))


def proportional_interval(value: float, moves: np.ndarray) -> Interval:
    """Return :func:`invert`'s interval of a squared distance, its variance proportional to it.

    Args:
        value: The estimate.
        moves: How far each example moves it; their squares add up to its variance.

    >>> round(proportional_interval(1.0, np.full(100, 0.01)).error, 6)
    0.1
    """
    squares = np.square(moves)
    variance = float(squares.sum())
    slope = variance / value if value > 0 else 0.0
    rest = 0.0 if value > 0 else variance
    low, high = invert(value, rest, slope, math.inf)
    return Interval(low, high, math.sqrt(variance))
