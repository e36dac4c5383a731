"""Estimate by the bootstrap how a score would vary, had other examples been drawn.

The examples at hand stand in for the distribution they came from. Drawing as many from
them, with replacement, and computing the statistic again, many times over, shows its
spread. Not every statistic bears that: where repeated examples change it (distances to
nearest neighbours, which become 0), take the jackknife in
:mod:`advnets.evaluate.estimators.interval`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from ...errors import DataError
from .interval import LEVEL, Interval

RESAMPLES = 1_000
"""Enough for the ends of a 95 % interval: their own noise is then about 6 % of an error."""
BATCH = 32
"""Resamples whose means are computed at a time."""


def bootstrap(
    statistic: Callable[..., float],
    *arrays: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
    paired: bool = False,
    level: float = LEVEL,
) -> Interval:
    """Compute the percentile interval and the standard error of a statistic.

    Args:
        statistic: ``(*arrays)`` → a number; it is given arrays of the same shapes with rows
            drawn from the given ones.
        *arrays: ``[n, ...]``, a row for each example.
        resamples: How often rows are drawn.
        seed: The same seed gives the same rows.
        paired: Draw the same rows from all arrays (several values of each example),
            instead of independent ones from each (different samples).
        level: The share of resamples within the interval.

    Returns:
        ``(low, high, error)``: the quantiles (1 ± level)/2 of the resampled statistic, and
        its standard deviation.

    Raises:
        DataError: If an array is empty, paired ones differ in length, or there are fewer than
            two resamples.

    Source: Efron 1979; Efron and Tibshirani 1993, chapters 6 and 13.

    >>> x = np.random.default_rng(0).normal(size=400)
    >>> low, high, error = bootstrap(np.mean, x, resamples=300, seed=1)
    >>> bool(low < x.mean() < high), bool(abs(error - x.std() / 20) < 0.01)
    (True, True)
    """
    samples = [np.asarray(array) for array in arrays]
    counts = [len(array) for array in samples]
    drawn = _rows(counts, resamples, seed, paired)
    values = [
        float(statistic(*(array[rows] for array, rows in zip(samples, chosen, strict=True))))
        for chosen in drawn
    ]
    return interval_of(np.array(values), level)


def bootstrap_means(
    statistic: Callable[..., float],
    *arrays: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
    paired: bool = False,
    level: float = LEVEL,
) -> Interval:
    """Compute :func:`bootstrap` of a function of means, without copying rows.

    A resample's mean weights each row by how often it was drawn, so that many resamples are
    one matrix product.

    Args:
        statistic: ``(*means)`` → a number, given each array's mean over its rows, ``[...]``.
        *arrays: See :func:`bootstrap`, as the other arguments.
        resamples: How often rows are drawn.
        seed: Of the rows: the same as :func:`bootstrap` draws.
        paired: Whether the same rows are drawn from all arrays.
        level: The share of resamples within the interval.

    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> one = bootstrap_means(lambda mean: mean.sum(), x, resamples=20)
    >>> other = bootstrap(lambda x: x.mean(axis=0).sum(), x, resamples=20)
    >>> bool(np.allclose(one, other))
    True
    """
    samples = [np.asarray(array, np.float64) for array in arrays]
    drawn = _rows([len(array) for array in samples], resamples, seed, paired)
    values: list[float] = []
    while batch := list(itertools.islice(drawn, BATCH)):
        means = [
            _means(array, [chosen[index] for chosen in batch])
            for index, array in enumerate(samples)
        ]
        values += [float(statistic(*of_one)) for of_one in zip(*means, strict=True)]
    return interval_of(np.array(values), level)


def _means(array: np.ndarray, drawn: list[np.ndarray]) -> np.ndarray:
    """Compute the means of the rows drawn, ``[len(drawn), ...]``."""
    n = len(array)
    weights = np.stack([np.bincount(rows, minlength=n) for rows in drawn]) / n
    means = weights @ array.reshape(n, -1)
    return means.reshape(len(drawn), *array.shape[1:])


def interval_of(values: np.ndarray, level: float = LEVEL) -> Interval:
    """Return the interval of resampled statistics: their quantiles and standard deviation.

    >>> interval_of(np.arange(101.0), level=0.5)[:2]
    (25.0, 75.0)
    """
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), float(values.std(ddof=1)))


def _rows(counts: list[int], resamples: int, seed: int, paired: bool) -> Iterator[list[np.ndarray]]:
    if not counts or min(counts) < 1:
        raise DataError("there is nothing to resample: an array is empty, or none was given")
    if resamples < 2:
        raise DataError(f"{resamples} resamples show no spread; at least 2 are needed")
    if paired and len(set(counts)) > 1:
        raise DataError(f"paired arrays have as many rows as each other, not {counts}")
    # Counter-based, and with an algorithm that NumPy promises to keep.
    draw = np.random.Generator(np.random.Philox(seed))

    def resample() -> list[np.ndarray]:
        if paired:
            return [draw.integers(0, counts[0], counts[0])] * len(counts)
        return [draw.integers(0, count, count) for count in counts]

    return (resample() for _ in range(resamples))
