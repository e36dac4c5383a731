"""The inception score at its bounds, by hand, and its error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax

from advnets.evaluate.metrics.inception_score import FLOOR, log_score, modified_score, split_scores


def test_sure_of_each_and_all_classes_equally_often():
    scores, interval = split_scores(np.eye(10)[np.arange(200) % 10], splits=4, resamples=20)
    np.testing.assert_allclose(scores, 10.0)
    assert interval.high == 10.0  # it cannot be more


@pytest.mark.parametrize("row", [[0.1] * 10, [1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0]])
def test_the_same_opinion_of_every_sample_scores_one(row):
    scores, interval = split_scores(np.tile(row, (50, 1)), splits=2, resamples=20)
    np.testing.assert_allclose(scores, 1.0, rtol=1e-12)
    assert interval.error < 1e-12
    assert modified_score(np.tile(row, (50, 1)), resamples=20)[0] == pytest.approx(0, abs=1e-12)


def test_two_opinions_by_hand():
    p = np.array([[0.8, 0.2], [0.4, 0.6]])
    q = p.mean(axis=0)  # .6, .4
    divergence = np.mean([sum(a * math.log(a / b) for a, b in zip(x, q, strict=True)) for x in p])
    assert split_scores(p, 1, resamples=2)[0][0] == pytest.approx(math.exp(divergence))
    assert log_score(p, resamples=2)[0] == pytest.approx(divergence)
    swapped = np.mean([sum(b * math.log(b / a) for a, b in zip(x, q, strict=True)) for x in p])
    assert modified_score(p, resamples=2)[0] == pytest.approx(swapped)


def test_a_probability_of_zero_is_taken_for_the_floor():
    value, _ = modified_score(np.eye(2), resamples=2)
    assert value == pytest.approx(math.log(0.5) - 0.5 * math.log(FLOOR))


def test_splits_are_parts_in_order():
    p = softmax(np.random.default_rng(0).normal(size=(25, 3)), axis=1)
    scores, _ = split_scores(p, 3, resamples=2)
    bounds = [0, 8, 16, 25]
    parts = [split_scores(p[a:b], 1, resamples=2)[0][0] for a, b in zip(bounds, bounds[1:])]  # noqa: B905, RUF007
    np.testing.assert_allclose(scores, parts)


def test_errors_are_the_spread_of_repeated_measurements():
    values = {"score": [], "log": [], "modified": []}
    errors = {"score": [], "log": [], "modified": []}
    for seed in range(60):
        p = softmax(2 * np.random.default_rng(seed).normal(size=(300, 5)), axis=1)
        scores, interval = split_scores(p, 3, resamples=60, seed=seed)
        logarithm, of_log = log_score(p, resamples=60, seed=seed)
        modified, other = modified_score(p, resamples=60, seed=seed)
        for name, value, error in (
            ("score", scores.mean(), interval.error),
            ("log", logarithm, of_log.error),
            ("modified", modified, other.error),
        ):
            values[name].append(value)
            errors[name].append(error)
    for name in values:
        claimed = math.sqrt(np.mean(np.square(errors[name])))
        assert 0.75 < claimed / np.std(values[name], ddof=1) < 1.35
