"""Measure the energy distance of real and generated examples."""

from __future__ import annotations

from ...builtin.metrics import Comparison
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.discrepancy import ERROR, discrepancy, discrepancy_interval
from ..features import Wanted
from ..score import Score
from .real_and_generated import add_note, real_and_generated


@validated_by(Comparison)
def energy_distance(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
) -> list[Score]:
    r"""Compute the energy distance, from all pairs, unbiased.

    .. math:: 2 E\|X - Y\| - E\|X - X'\| - E\|Y - Y'\|

    Lower is better; 0 where the distributions agree, and then the estimate is below 0 as often
    as above. (SciPy's ``energy_distance`` is the square root of this, with each example
    paired with itself too.)

    Args:
        context: Samples and data.
        features: What distances are measured in; for vectors ``pixels`` by default.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.

    Returns:
        One score, in the unit of a distance; its error is that of U-statistics.

    Raises:
        DataError: If there are fewer than four examples on either side.

    Source: Székely and Rizzo 2013, "Energy statistics"; as a discrepancy: Sejdinovic et al.
    2013.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    found = discrepancy(real, generated, "negative_distance", spread=context.per_example)
    interval = discrepancy_interval(found)
    protocol = context.protocol(
        better="lower",
        unit="distance in features",
        **add_note(described, found.note()),
        estimator="unbiased, all pairs",
        error=ERROR,
        **interval.protocol(),
    )
    return [Score("energy_distance", found.value, interval.error, protocol)]
