"""Measure how many of a generator's samples are nearly the same as another one."""

from __future__ import annotations

import numpy as np

from ...errors import DataError
from ..context import MetricContext
from ..estimators.interval import proportion_interval
from ..estimators.nearest import find_nearest
from ..features import Wanted
from ..score import Score
from .real_and_generated import real_and_generated


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
        One score. Its error is that of half as many examples, since duplicates come in pairs.

    Raises:
        DataError: If there are fewer than three examples.

    Source: own; the birthday-paradox test of Arora and Zhang 2017 (arXiv:1706.08224) asks the
    same of smaller batches by eye.
    """
    count = min(samples, context.size(split))
    if count < 3:
        raise DataError(f"{count} examples have no distribution of nearest neighbours")
    real, generated, described = real_and_generated(context, features, count, split, count)
    to_real, to_generated = (
        context.per_example(find_nearest, x, x, 1)[:, 1] for x in (real, generated)
    )
    threshold = float(np.quantile(to_real, quantile))
    # Equal vectors may be this far apart by rounding.
    rounding = 1e-6 * float(np.sqrt(np.square(real - real.mean(0)).sum(1).mean()))
    close = to_generated <= max(threshold, rounding)
    interval = proportion_interval(int(close.sum()) // 2, count // 2)
    protocol = context.protocol(
        better="lower",
        unit="share of samples",
        outcomes=["threshold", "nearest_generated", "nearest_real"],
        **described,
        quantile=quantile,
        threshold=threshold,
        nearest_generated=float(np.median(to_generated)),
        nearest_real=float(np.median(to_real)),
        error="binomial, of pairs; Wilson's interval",
        **interval.protocol(),
    )
    return [Score("duplicates", float(close.mean()), interval.error, protocol)]
