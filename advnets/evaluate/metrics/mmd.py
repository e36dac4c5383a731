"""Measure the maximum mean discrepancy with Gaussian kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...builtin.metrics import MmdParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.discrepancy import ERROR, discrepancy, discrepancy_interval
from ..estimators.pairs import squared_distances
from ..features import Wanted
from ..score import Score
from .real_and_generated import add_note, real_and_generated

MEDIAN_OF = 1_000
"""Real examples whose distances the median is taken of."""


@validated_by(MmdParameters)
def mmd(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
    bandwidths: Sequence[float] | None = None,
) -> list[Score]:
    r"""Compute the squared MMD with k(x, y) = mean over σ of exp(−‖x − y‖²/2σ²).

    Lower is better; the estimate is unbiased, hence below 0 now and then. By default σ is the
    median distance between real examples: were generated ones among them, a bad generator
    would choose itself a kernel too wide to see its faults.

    Args:
        context: Samples and data.
        features: What distances are measured in; for vectors ``pixels`` by default.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.
        bandwidths: The values of σ; ``None`` for the median distance between (the first 1,000)
            real examples.

    Returns:
        One score; the protocol holds the bandwidths. The error is that of U-statistics.

    Raises:
        DataError: If the median distance between real examples is 0, or there are fewer than
            four examples on either side.

    Source: Gretton et al. 2012, lemma 6.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    chosen = [median_distance(real[:MEDIAN_OF])] if bandwidths is None else list(bandwidths)
    found = discrepancy(real, generated, "gaussian", chosen, spread=context.per_example)
    interval = discrepancy_interval(found)
    protocol = context.protocol(
        better="lower",
        kernel="exp(-|x - y|^2 / 2 sigma^2), mean over sigma",
        **add_note(described, found.note()),
        bandwidths=chosen,
        bandwidths_from="given" if bandwidths else "median distance between real examples",
        outcomes=() if bandwidths else ("bandwidths",),
        estimator="unbiased, all pairs",
        error=ERROR,
        **interval.protocol(),
    )
    return [Score("mmd", found.value, interval.error, protocol)]


def median_distance(x: np.ndarray) -> float:
    """Compute the median distance between different rows of ``x``, ``[n, d]``.

    Raises:
        DataError: If it is 0, or there are no two rows.

    >>> median_distance(np.array([[0.0], [1.0], [5.0]]))
    4.0
    """
    pairs = squared_distances(x, x)[np.triu_indices(len(x), k=1)]
    median = float(np.sqrt(np.median(pairs))) if pairs.size else 0.0
    if not median > 0:
        raise DataError(
            "the median distance between real examples is 0, so it is no bandwidth",
            hint="give `bandwidths`",
        )
    return median
