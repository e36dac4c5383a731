"""Measure how many of a generator's samples are nearly the same as another one."""

from __future__ import annotations

import math

import numpy as np

from ...builtin.metrics import DuplicatesParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import Interval, Z, proportion_interval
from ..estimators.manifolds import find_neighbours
from ..features import Wanted
from ..score import Score
from .real_and_generated import real_and_generated


@validated_by(DuplicatesParameters)
def duplicates(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 2_000,
    split: str = "train",
    quantile: float = 0.01,
) -> list[Score]:
    r"""Measure the share of samples nearer to another sample than real examples are to each other.

    A sample counts as a duplicate if its nearest other sample is not farther than t, the
    ``quantile`` of the distances from each of equally many real examples to its nearest other
    one. Samples as varied as the data score about ``quantile``; a collapsed generator scores
    1, where many latent points lead to the same example (the "Helvetica scenario").

    Args:
        context: Samples and data.
        features: What distances are measured in, a component of kind ``features``; for
            vectors ``pixels`` by default.
        samples: Number of samples; of the split, equally many examples are taken (all, if it
            has fewer, and as many samples).
        split: Of the real examples.
        quantile: The share of real examples that would count as duplicates.

    Returns:
        One score. Its interval holds the share beyond the threshold that so many real examples
        have on average (:func:`share_below_quantile`).

    Raises:
        DataError: If there are fewer than three examples.

    Source: own; the birthday-paradox test of Arora and Zhang 2017 (arXiv:1706.08224) asks the
    same of smaller batches by eye.
    """
    count = min(samples, context.size(split))
    if count < 3:
        raise DataError(f"{count} examples have no distribution of nearest neighbours")
    real, generated, described = real_and_generated(context, features, count, split, count)
    of_real, of_generated = (
        context.per_example(find_neighbours, np.arange(count), x, 1)[:, :, 0]
        for x in (real, generated)
    )
    # Equal vectors may be this far apart by rounding.
    rounding = 1e-6 * float(np.sqrt(np.square(real - real.mean(0)).sum(1).mean()))
    value, threshold, interval = share_below_quantile(of_generated, of_real, quantile, rounding)
    protocol = context.protocol(
        better="lower",
        unit="share of samples",
        outcomes=["threshold", "nearest_generated", "nearest_real"],
        **described,
        quantile=quantile,
        threshold=threshold,
        nearest_generated=float(np.median(np.sqrt(of_generated[:, 0]))),
        nearest_real=float(np.median(np.sqrt(of_real[:, 0]))),
        error="binomial, of pairs, for the samples and for the threshold; Wilson's intervals",
        **interval.protocol(),
    )
    return [Score("duplicates", value, interval.error, protocol)]


def share_below_quantile(
    generated: np.ndarray, real: np.ndarray, quantile: float, least: float = 0.0
) -> tuple[float, float, Interval]:
    r"""Compute how many samples are nearer to another one than a quantile of real examples is.

    Two things are random: which samples were drawn, and where the threshold came to lie. Both
    are shares of examples whose nearest other one is no farther than some t. If that is
    mutual, both are, so that the variance is the binomial one times 1 + m, with m the share of
    these whose nearest neighbour has them for its own. With [l, u] Wilson's interval of the
    share v at the threshold, and t(q) the quantile of the real examples' distances, of which
    the share q lies in [a, b] by Wilson's, the interval is

    .. math:: v - \sqrt{(v - l)^2 + (v - v(t(a)))^2} \quad\text{to}\quad
              v + \sqrt{(u - v)^2 + (v(t(b)) - v)^2}

    Args:
        generated: Squared distance to the nearest other sample, and whose it is, ``[n, 2]``.
        real: The same of real examples, ``[m, 2]``.
        quantile: q.
        least: What the threshold is not below.

    Returns:
        The share, the threshold, and the interval, whose error is its width over 2 · 1.96.

    Source: own; adding squares of the arms of two intervals: Zou and Donner 2008,
    "Construction of confidence limits about effect measures: a general approach".

    >>> pairs = np.array([[1.0, 1], [1.0, 0], [4.0, 3], [4.0, 2]])
    >>> value, threshold, (low, high, _) = share_below_quantile(pairs, pairs, 0.4)
    >>> value, round(threshold, 6), round(low, 2), round(high, 2)
    (0.5, 1.2, 0.09, 1.0)
    """
    near, near_real = np.sqrt(generated[:, 0]), np.sqrt(real[:, 0])

    def threshold(at: float) -> float:
        return max(float(np.quantile(near_real, at)), least)

    def share(at: float) -> float:
        return float((near <= at).mean())

    own = threshold(quantile)
    value = share(own)
    low, high, _ = proportion_interval(value * len(near), len(near), _effect(generated, own))
    a, b, _ = proportion_interval(quantile * len(real), len(real), _effect(real, own))
    low = max(value - math.hypot(value - low, value - share(threshold(a))), 0.0)
    high = min(value + math.hypot(high - value, share(threshold(b)) - value), 1.0)
    return value, own, Interval(low, high, (high - low) / (2 * Z))


def _effect(found: np.ndarray, threshold: float) -> float:
    """Return 1 + the share of those nearer than ``threshold`` that are each other's nearest."""
    nearest = found[:, 1].astype(int)
    mutual = nearest[nearest] == np.arange(len(found))
    close = np.sqrt(found[:, 0]) <= threshold
    return 1.0 + float(mutual[close].mean()) if close.any() else 2.0
