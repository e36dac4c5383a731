"""The inception score, and the form of it that EBGAN's grid search was judged by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import DataError
from .bootstrap import RESAMPLES, bootstrap_means
from .features import Wanted
from .interval import Interval, mean_interval
from .score import MetricContext, Score

FLOOR = 1e-12
"""The least probability that a logarithm is taken of."""


def inception_score(
    context: MetricContext,
    *,
    features: Wanted = "classifier",
    samples: int = 10_000,
    splits: int = 10,
    resamples: int = RESAMPLES,
) -> list[Score]:
    r"""exp E_x KL(p(y|x) ‖ p(y)), and EBGAN's E_x KL(p(y) ‖ p(y|x)).

    Higher is better: a classifier should be sure of each sample (p(y|x) has little entropy),
    and find all classes equally often (p(y) has much). It lies between 1 and the number of
    classes. No real examples are needed, and copies of one good example for each class get
    the best score.

    Two scores: ``inception_score``, the mean over ``splits`` parts of the samples, as
    published; and ``modified_inception_score``, in nats, over all samples, as Zhao et al.
    define theirs: without the exponential, and with the arguments of KL swapped (from memory:
    unsure). There, logarithms of small probabilities weigh heavily, so that it depends on how
    sure of itself the classifier is; scores of different classifiers can't be compared.
    ``divergence`` in its protocol is E_x KL(p(y|x) ‖ p(y)) of all samples, the other order.

    Args:
        context: The samples.
        features: A component of kind ``features`` that knows classes.
        samples: Number of samples drawn from G.
        splits: Parts that the score is computed of, in the samples' order.
        resamples: Of the bootstrap.

    Returns:
        Two scores. ``splits_std`` in the protocol is the standard deviation over the splits,
        the ± of most papers; the error is that of the mean.

    Raises:
        DataError: If there are fewer samples than splits.

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 4; Zhao et al. 2016
    (arXiv:1609.03126), section 4.1.
    """
    if splits > samples:
        raise DataError(f"{samples} samples cannot be divided into {splits} splits")
    p = context.class_probabilities(features, context.generated(samples))
    scores, interval = split_scores(p, splits, resamples, context.seed)
    divergences = modified_divergences(p)

    def score(name: str, value: float, interval: Interval, **more: Any) -> Score:
        protocol = context.protocol(
            better="higher",
            **more,
            samples=samples,
            features=context.describe_features(features),
            classes=p.shape[1],
            precision="float64",
            **interval.protocol(),
        )
        return Score(name, value, interval.error, protocol)

    return [
        score(
            "inception_score",
            float(scores.mean()),
            interval,
            form="exp E KL(p(y|x) || p(y))",
            splits=splits,
            splits_std=float(scores.std()),
            outcomes=["splits_std"],
            error="bootstrap",
            resamples=resamples,
        ),
        score(
            "modified_inception_score",
            float(divergences.mean()),
            # p(y) varies with the samples too, but moves the mean only in second order.
            mean_interval(divergences),
            form="E KL(p(y) || p(y|x))",
            unit="nats",
            floor=FLOOR,
            divergence=mean_divergence(*means_of(p)),
            outcomes=["divergence"],
            error="standard deviation / sqrt(samples)",
        ),
    ]


def means_of(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the score is made of: means of −entropy and of p(y|x), over ``p``, ``[n, classes]``.

    >>> means_of(np.array([[1.0, 0.0], [0.0, 1.0]]))[1]
    array([0.5, 0.5])
    """
    return negative_entropies(p).mean(axis=0), p.mean(axis=0)


def negative_entropies(p: np.ndarray) -> np.ndarray:
    """Σ_y p log p for each row, with 0 log 0 = 0.

    >>> negative_entropies(np.array([[1.0, 0.0], [0.5, 0.5]])).round(6)
    array([ 0.      , -0.693147])
    """
    p = np.asarray(p, np.float64)
    return np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)


def mean_divergence(negative_entropy: np.ndarray, marginal: np.ndarray) -> float:
    """E_x KL(p(y|x) ‖ p(y)) from the means of :func:`means_of`, in nats.

    >>> round(mean_divergence(np.array(0.0), np.array([0.5, 0.5])), 6)
    0.693147
    """
    return float(negative_entropy - negative_entropies(marginal))


def split_scores(
    p: np.ndarray, splits: int, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[np.ndarray, Interval]:
    """The score of each split, and the interval of their mean.

    The score is a function of means, so a resample costs one weighted sum.

    Args:
        p: p(y|x), float64 ``[n, classes]``.
        splits: How many parts of nearly equal size.
        resamples: Of the bootstrap, within each split.
        seed: Of the bootstrap.

    Returns:
        float64 ``[splits]``, and the interval.

    >>> scores, interval = split_scores(np.eye(4)[[0, 1, 2, 3] * 2], 2, resamples=10)
    >>> scores
    array([4., 4.])
    """
    n = len(p)
    parts = [p[n * i // splits : n * (i + 1) // splits] for i in range(splits)]
    scores = np.array([math.exp(mean_divergence(*means_of(part))) for part in parts])

    def mean_score(*means: np.ndarray) -> float:
        return float(np.mean([math.exp(mean_divergence(m[0], m[1:])) for m in means]))

    stacked = [np.concatenate([negative_entropies(part)[:, None], part], axis=1) for part in parts]
    resampled = bootstrap_means(mean_score, *stacked, resamples=resamples, seed=seed)
    return scores, resampled


def modified_divergences(p: np.ndarray, floor: float = FLOOR) -> np.ndarray:
    """KL(p(y) ‖ p(y|x)) for each x, in nats, probabilities below ``floor`` taken for it.

    >>> modified_divergences(np.array([[0.9, 0.1], [0.1, 0.9]])).round(6)
    array([0.510826, 0.510826])
    """
    p = np.asarray(p, np.float64)
    marginal = p.mean(axis=0)
    return negative_entropies(marginal) - np.log(np.maximum(p, floor)) @ marginal
