"""Measure the inception score, and the form of it that EBGAN's grid search was judged by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...builtin.metrics import InceptionScoreParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.bootstrap import RESAMPLES, bootstrap_means
from ..estimators.interval import Interval, normal_interval
from ..features import Wanted
from ..score import Score
from .real_and_generated import FEW, is_constant

ROUNDING = 1e-12
"""What a divergence, in nats, cannot be told from 0."""
FLOOR = 1e-12
"""The least probability that a logarithm is taken of."""


@validated_by(InceptionScoreParameters)
def inception_score(
    context: MetricContext,
    *,
    features: Wanted = "classifier",
    samples: int = 10_000,
    splits: int = 10,
    resamples: int = RESAMPLES,
) -> list[Score]:
    r"""Compute exp E_x KL(p(y|x) ‖ p(y)), its logarithm, and EBGAN's E_x KL(p(y) ‖ p(y|x)).

    Higher is better: a classifier should be sure of each sample (p(y|x) has little entropy),
    and find all classes equally often (p(y) has much). It lies between 1 and the number of
    classes. No real examples are needed, and copies of one good example for each class get
    the best score.

    Three scores: ``inception_score``, the mean over ``splits`` parts of the samples, as
    published; ``log_inception_score``, E_x KL(p(y|x) ‖ p(y)) of all samples, in nats, at most
    the logarithm of the number of classes; and ``modified_inception_score``, in nats too, as
    Zhao et al. print theirs (from memory: unsure): without the exponential, and with the
    arguments of KL swapped. It has no bound, since it takes logarithms of small probabilities:
    it says how sure of itself the classifier is rather than how good the samples are, and
    depends on the least probability that is let through (``floor`` in the protocol). Their
    histograms end near 1.9, below log 10, where a confident classifier gives real MNIST
    digits 2.3 by ``log_inception_score`` and 14 by this one, so the former may be what they
    measured.

    Args:
        context: The samples.
        features: A component of kind ``features`` that knows classes.
        samples: Number of samples drawn from G.
        splits: Parts that the score is computed of, in the samples' order.
        resamples: Of the bootstrap.

    Returns:
        Three scores. ``splits_std`` in the protocol is the standard deviation over the splits,
        the ± of most papers; the error is that of the mean. The interval holds the mean over
        draws of as many samples: p(y) is a mean over them, which fits them too well, so that
        the scores are too low by an amount of order 1/samples (of a split).

    Raises:
        DataError: If there are fewer samples than splits, or fewer than two classes, where every
            generator would score 1.

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 4; Zhao et al. 2016
    (arXiv:1609.03126), section 4.1.
    """
    if splits > samples:
        raise DataError(f"{samples} samples cannot be divided into {splits} splits")
    p = context.generated_probabilities(features, samples)
    check_classes(p)
    note = {}
    if is_constant(p):
        note["note"] = f"all {samples} samples have the same class probabilities"
    elif samples < FEW * splits:
        note["note"] = f"{samples} samples are few for {splits} splits: the bias is large"
    scores, interval = split_scores(p, splits, resamples, context.seed)
    mean, std = float(scores.mean()), float(scores.std())
    of_splits = {"splits": splits, "splits_std": std, "outcomes": ["splits_std"]}
    of_modified: dict[str, Any] = {"unit": "nats", "floor": FLOOR}
    logarithm = log_score(p, resamples, context.seed)
    modified = modified_score(p, resamples, context.seed)

    def score(name: str, form: str, value: float, interval: Interval, **more: Any) -> Score:
        protocol = context.protocol(
            better="higher",
            form=form,
            **more,
            samples=samples,
            features=context.describe_features(features),
            classes=p.shape[1],
            **note,
            bias="too low, by an amount of order 1/samples (of a split) that the interval does not "
            "contain",
            precision="float64",
            error="bootstrap",
            resamples=resamples,
            **interval.protocol(),
        )
        # Rounding is all that the bootstrap finds where samples do not differ.
        return Score(name, value, None if is_constant(p) else interval.error, protocol)

    return [
        score("inception_score", "exp E KL(p(y|x) || p(y))", mean, interval, **of_splits),
        score("log_inception_score", "E KL(p(y|x) || p(y))", *logarithm, unit="nats"),
        score("modified_inception_score", "E KL(p(y) || p(y|x))", *modified, **of_modified),
    ]


def check_classes(p: np.ndarray) -> int:
    """Return how many classes probabilities ``[n, classes]`` are of.

    Raises:
        DataError: If there is one only.
    """
    if p.shape[1] < 2:
        raise DataError(
            "the features know a single class, which every sample is of",
            hint="classes are counted, or told apart, from two on: take a metric that needs none, "
            "such as kid, or features of another data set: {name: classifier, dataset: …}",
        )
    return int(p.shape[1])


def negative_entropies(p: np.ndarray) -> np.ndarray:
    """Compute Σ_y p log p for each row, with 0 log 0 = 0.

    >>> negative_entropies(np.array([[1.0, 0.0], [0.5, 0.5]])).round(6)
    array([ 0.      , -0.693147])
    """
    p = np.asarray(p, np.float64)
    return np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)


def mean_divergence(negative_entropy: float, marginal: np.ndarray) -> float:
    """Compute E_x KL(p(y|x) ‖ p(y)), in nats; what rounding makes less than 0 is 0.

    Args:
        negative_entropy: The mean of :func:`negative_entropies`.
        marginal: p(y), the mean of p(y|x), ``[classes]``.

    >>> round(mean_divergence(0.0, np.array([0.5, 0.5])), 6)
    0.693147
    """
    found = float(negative_entropy - negative_entropies(marginal))
    return found if found > ROUNDING else 0.0


def split_scores(
    p: np.ndarray, splits: int, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[np.ndarray, Interval]:
    """Compute the score of each split, and the interval of their mean.

    The score is a function of means, so a resample costs one weighted sum. Resampled scores
    lie above the score (fewer different samples), which is why the interval is made of their
    standard deviation, not of their quantiles.

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
    rows = np.concatenate([negative_entropies(p)[:, None], p], axis=1)
    parts = [rows[n * i // splits : n * (i + 1) // splits] for i in range(splits)]

    def score(mean: np.ndarray) -> float:
        return math.exp(mean_divergence(mean[0], mean[1:]))

    def mean_score(*means: np.ndarray) -> float:
        return float(np.mean([score(mean) for mean in means]))

    scores = np.array([score(part.mean(axis=0)) for part in parts])
    error = bootstrap_means(mean_score, *parts, resamples=resamples, seed=seed).error
    return scores, normal_interval(float(scores.mean()), error, least=1.0, greatest=p.shape[1])


def log_score(p: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, Interval]:
    """Compute E_x KL(p(y|x) ‖ p(y)) of all samples, in nats; see :func:`split_scores`.

    >>> value, _ = log_score(np.eye(4), resamples=10)
    >>> bool(np.isclose(value, np.log(4)))
    True
    """
    rows = np.concatenate([negative_entropies(p)[:, None], p], axis=1)

    def score(mean: np.ndarray) -> float:
        return mean_divergence(mean[0], mean[1:])

    value = score(rows.mean(axis=0))
    error = bootstrap_means(score, rows, resamples=resamples, seed=seed).error
    return value, normal_interval(value, error, least=0.0, greatest=math.log(p.shape[1]))


def modified_score(
    p: np.ndarray, resamples: int = RESAMPLES, seed: int = 0, floor: float = FLOOR
) -> tuple[float, Interval]:
    """Compute E_x KL(p(y) ‖ p(y|x)), in nats, probabilities below ``floor`` taken for it.

    Args:
        p: p(y|x), float64 ``[n, classes]``.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        floor: The least probability that a logarithm is taken of.

    >>> value, _ = modified_score(np.array([[0.9, 0.1], [0.1, 0.9]]))
    >>> round(value, 6)  # ½ log(.5/.9) + ½ log(.5/.1)
    0.510826
    """
    p = np.asarray(p, np.float64)
    rows = np.stack([p, np.log(np.maximum(p, floor))], axis=1)

    def score(mean: np.ndarray) -> float:
        found = float(negative_entropies(mean[0]) - mean[0] @ mean[1])
        return found if found > ROUNDING else 0.0

    value = score(rows.mean(axis=0))
    error = bootstrap_means(score, rows, resamples=resamples, seed=seed).error
    return value, normal_interval(value, error, least=0.0)
