"""Test whether a classifier can tell generated examples from real ones."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ...builtin.metrics import ClassifierTwoSampleParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import proportion_interval
from ..features import Wanted
from ..score import Score
from .real_and_generated import real_and_generated


@validated_by(ClassifierTwoSampleParameters)
def classifier_two_sample(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
    classifier: str = "mlp",
) -> list[Score]:
    """Measure the held-out accuracy of a classifier of real against generated examples (C2ST).

    Lower is better: 0.5 where the classifier finds no difference, 1 where it tells all
    apart. As many of each kind are taken, at random; half of both are trained on, the accuracy
    is that on the other half. A weak classifier finds no difference where there is one.

    Args:
        context: Samples and data.
        features: What the classifier is given; for vectors ``pixels`` by default. They are
            scaled to mean 0 and variance 1 of the half that is trained on.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.
        classifier: ``mlp``, one hidden layer of 20 ReLU units, trained by Adam for 100 epochs;
            ``knn``, ⌊√n⌋ nearest neighbours of n training examples; or ``logistic``.

    Returns:
        One score. The error is binomial, for the classifier that was trained; ``p_value`` in
        the protocol is that of "no difference", one-sided, by the normal approximation.

    Raises:
        DataError: If there are fewer than four examples on either side.

    Source: Lopez-Paz and Oquab 2017 (arXiv:1610.06545), section 3 and 5.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    hits, trials, learnt = held_out_hits(real, generated, classifier, seed=context.seed)
    accuracy, interval = hits / trials, proportion_interval(hits, trials)
    protocol = context.protocol(
        better="lower",
        unit="accuracy",
        **described,
        classifier=classifier,
        learnt_from=learnt,
        held_out=trials,
        p_value=0.5 * math.erfc((accuracy - 0.5) * math.sqrt(2 * trials)),
        outcomes=["p_value"],
        error="binomial, of this classifier; Wilson's interval",
        **interval.protocol(),
    )
    return [Score("classifier_two_sample", accuracy, interval.error, protocol)]


def held_out_hits(
    real: np.ndarray, generated: np.ndarray, classifier: str = "mlp", seed: int = 0
) -> tuple[int, int, int]:
    """Train a classifier on half of two samples, and count its hits on the other half.

    Args:
        real: ``[n, d]``.
        generated: ``[m, d]``; as many are used as there are of the fewer.
        classifier: ``mlp``, ``knn`` or ``logistic``.
        seed: Of the choice of examples, and of the classifier.

    Returns:
        Hits, the number of trials, and that of the training examples.

    Raises:
        DataError: If there are fewer than four of either.

    >>> held_out_hits(np.zeros((20, 1)), np.ones((30, 1)), "knn")
    (20, 20, 20)
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to import
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier

    each = min(len(real), len(generated))
    if each < 4:
        raise DataError(f"{each} examples on one side are too few; 4 are needed")
    draw = np.random.Generator(np.random.Philox(seed))
    half = each // 2
    first, second = draw.permutation(len(real))[:each], draw.permutation(len(generated))[:each]

    def take(start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.concatenate([real[first[start:end]], generated[second[start:end]]])
        return x, np.repeat([0, 1], end - start)

    (x, labels), (held_out, truth) = take(0, half), take(half, each)
    offset, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if classifier == "knn":
        model: Any = KNeighborsClassifier(n_neighbors=max(1, math.isqrt(len(x))))
    elif classifier == "logistic":
        model = LogisticRegression(max_iter=1_000)
    else:
        model = MLPClassifier((20,), max_iter=100, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 100 epochs are the protocol, converged or not
        model.fit((x - offset) / scale, labels)
    guessed = model.predict((held_out - offset) / scale)
    return int((guessed == truth).sum()), len(truth), len(x)
