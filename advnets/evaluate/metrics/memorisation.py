"""Measure whether samples lie closer to the training examples than to others."""

from __future__ import annotations

import numpy as np

from ...errors import DataError
from ..context import MetricContext
from ..estimators.bootstrap import RESAMPLES, bootstrap_means
from ..estimators.interval import mean_interval, normal_interval
from ..estimators.nearest import find_nearest
from ..features import Wanted
from ..score import Score
from .real_and_generated import features_for


def memorisation(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 2_000,
    held_out: str = "test",
    examples: int | None = None,
) -> list[Score]:
    r"""Compare the samples' nearest-neighbour distances to training and held-out examples.

    With d_t(s) the distance from a sample to the nearest of M training examples, and d_h(s)
    to the nearest of M held-out ones,

    .. math:: gap = 1 - \frac{E\, d_t(s)}{E\, d_h(s)}, \qquad
              nearer = P(d_t(s) < d_h(s)) + ½ P(d_t(s) = d_h(s))

    A generator that knows the training examples no better than others of their kind scores
    0 and ½; one that repeats them, 1 and 1. M is the same on both sides, as more examples
    lie nearer for that reason alone, so that of a larger training split only a part is
    looked at, drawn at random by the seed: where a generator repeats a few of N training
    examples, about M/N of its repetitions are seen.

    Args:
        context: Samples and data.
        features: What distances are measured in, a component of kind ``features``; for
            vectors ``pixels`` by default.
        samples: Number of samples.
        held_out: The split that was not trained on.
        examples: M; ``None`` for as many as both splits have.

    Returns:
        ``memorisation``, the gap, and ``nearer_to_training``, the share.

    Raises:
        DataError: If the data set has no such split, or fewer than M examples in one.

    Source: own; the share is that of Meehan et al. 2020, "A non-parametric test to detect
    data-copying in generative models" (arXiv:2004.05675), without its cells (from memory).
    """
    name = features_for(context, features)
    training, other = context.size("train"), context.size(held_out)
    if held_out == "train":
        raise DataError("the training split is no held-out one", hint="held_out: test")
    most = min(training, other)
    if examples is not None and examples > most:
        raise DataError(
            f"{examples} examples were requested; the splits have {training} and {other}",
            hint="request fewer, or leave `examples` out",
        )
    count = examples or most
    draw = np.random.Generator(np.random.Philox(context.seed))
    generated = context.generated_features(name, samples)

    def to_nearest(split: str, size: int) -> np.ndarray:
        chosen = np.sort(draw.permutation(size)[:count])
        real = context.real_features(name, split, chosen)
        return context.per_example(find_nearest, generated, real)[:, 1]

    to_training, to_other = to_nearest("train", training), to_nearest(held_out, other)
    # Equal vectors may be 1e-7 of their size apart by rounding; so may two ties.
    tied = np.isclose(to_training, to_other, rtol=1e-6, atol=0.0)
    nearer = np.where(tied, 0.5, to_training < to_other).astype(np.float64)

    def gap(means: np.ndarray) -> float:
        return 1.0 - float(means[0] / means[1]) if means[1] > 0 else 0.0

    both = np.stack([to_training, to_other], axis=1)
    value, spread = gap(both.mean(axis=0)), bootstrap_means(gap, both, seed=context.seed)
    protocol = context.protocol(
        better="lower",
        outcomes=["to_training", "to_held_out"],
        samples=samples,
        split=held_out,
        examples=count,
        of_training=training,
        features=context.describe_features(name),
        to_training=float(to_training.mean()),
        to_held_out=float(to_other.mean()),
        precision="float64",
    )
    of_gap = {"unit": "1 - ratio of mean distances", "error": "bootstrap", "resamples": RESAMPLES}
    share = float(nearer.mean())
    interval = normal_interval(share, mean_interval(nearer).error, least=0.0, greatest=1.0)
    of_share = {"unit": "share of samples", "error": "of the mean"} | interval.protocol()
    return [
        Score("memorisation", value, spread.error, protocol | of_gap | spread.protocol()),
        Score("nearer_to_training", share, interval.error, protocol | of_share),
    ]
