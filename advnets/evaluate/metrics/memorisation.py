"""Measure whether samples lie closer to the training examples than to others."""

from __future__ import annotations

import numpy as np

from ...builtin.metrics import MemorisationParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.copying import Nearest, gap_interval, nearer_interval, random_groups
from ..estimators.manifolds import nearest_by_group
from ..estimators.nearest import find_nearest
from ..features import Wanted
from ..score import Score
from .real_and_generated import features_for, note_of


@validated_by(MemorisationParameters)
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
        ``memorisation``, the gap, and ``nearer_to_training``, the share. Their intervals hold
        what other samples, and other training and held-out examples from the same distributions,
        would give on average (:mod:`advnets.evaluate.estimators.copying`).

    Raises:
        DataError: If the data set has no such split, or fewer than M examples in one, or if
            there are fewer than three samples or examples.

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
    if min(count, samples) < 3:
        raise DataError(f"{samples} samples, {count} examples are too few; 3 of each are needed")
    draw = np.random.Generator(np.random.Philox(context.seed))
    generated = context.generated_features(name, samples)

    def to_nearest(split: str, size: int) -> tuple[np.ndarray, Nearest]:
        chosen = np.sort(draw.permutation(size)[:count])
        real = context.real_features(name, split, chosen)
        distance = context.per_example(find_nearest, generated, real)[:, 1]
        groups = random_groups(count, context.seed)
        to_group = np.sqrt(context.per_example(nearest_by_group, generated, real, groups))
        return real, Nearest(distance, to_group)

    train, to_training = to_nearest("train", training)
    other_examples, to_other = to_nearest(held_out, other)
    note = note_of({"generated": generated, "training": train, "held-out": other_examples})
    protocol = context.protocol(
        better="lower",
        outcomes=["to_training", "to_held_out"],
        samples=samples,
        split=held_out,
        examples=count,
        of_training=training,
        features=context.describe_features(name),
        to_training=float(to_training.distance.mean()),
        to_held_out=float(to_other.distance.mean()),
        precision="float64",
        error="of the mean, with the covariance by shared examples, from groups of them",
        **note,
    )
    units = {
        "memorisation": "1 - ratio of mean distances",
        "nearer_to_training": "share of samples",
    }
    found = (gap_interval(to_training, to_other), nearer_interval(to_training, to_other))
    return [
        Score(metric, value, interval.error, protocol | {"unit": unit} | interval.protocol())
        for (metric, unit), (value, interval) in zip(units.items(), found, strict=True)
    ]
