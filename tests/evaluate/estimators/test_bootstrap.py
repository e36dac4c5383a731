"""The bootstrap against what is known of means, and the formulas of intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from advnets.errors import DataError
from advnets.evaluate.estimators.bootstrap import bootstrap, bootstrap_means
from advnets.evaluate.estimators.interval import (
    jackknife_error,
    mean_interval,
    normal_interval,
    proportion_interval,
    student_interval,
)


def test_the_error_of_a_mean_is_sigma_over_root_n():
    x = np.random.default_rng(0).normal(3.0, 2.0, 500)
    _, _, error = bootstrap(np.mean, x, resamples=2000, seed=1)
    # The standard deviation of 2,000 values is known to 1/√4000 = 1.6 %; five times that.
    assert error == pytest.approx(x.std() / math.sqrt(500), rel=0.08)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """250 samples of a normal distribution: hits are binomial around 95 %."""
    draw = np.random.default_rng(2)
    hits = 0
    for seed in range(250):
        x = draw.normal(1.0, 1.0, 80)
        low, high, _ = bootstrap_means(lambda mean: mean, x, resamples=150, seed=seed)
        hits += low <= 1.0 <= high
    # With 80 examples and 150 resamples the coverage itself falls short by about one per cent.
    assert binom.ppf(0.001, 250, 0.93) <= hits <= binom.ppf(0.999, 250, 0.96)


def test_the_same_seed_draws_the_same_rows():
    x = np.random.default_rng(3).random(30)
    assert bootstrap(np.median, x, resamples=50, seed=4) == bootstrap(
        np.median, x, resamples=50, seed=4
    )
    assert bootstrap(np.median, x, resamples=50, seed=4) != bootstrap(
        np.median, x, resamples=50, seed=5
    )


def test_rows_are_drawn_whole_and_with_replacement():
    x = np.arange(6.0).reshape(3, 2)
    seen = []

    def statistic(rows):
        seen.append(rows)
        return rows.sum()

    bootstrap(statistic, x, resamples=100)
    assert all(rows.shape == (3, 2) for rows in seen)
    assert all((rows[:, 1] - rows[:, 0] == 1).all() for rows in seen)
    assert any(len(np.unique(rows[:, 0])) < 3 for rows in seen)
    assert {tuple(row) for rows in seen for row in rows} == {(0, 1), (2, 3), (4, 5)}


def test_paired_rows_keep_together_and_independent_ones_do_not():
    x = np.random.default_rng(5).normal(size=200)
    y = x + 1.0

    def difference(a, b):
        return float(b.mean() - a.mean())

    assert bootstrap(difference, x, y, resamples=100, paired=True).error < 1e-12
    independent = bootstrap(difference, x, y, resamples=1000).error
    assert independent == pytest.approx(x.std() * math.sqrt(2 / 200), rel=0.12)


@pytest.mark.parametrize("paired", [False, True])
def test_means_are_those_of_the_rows_that_bootstrap_draws(paired):
    draw = np.random.default_rng(6)
    x, y = draw.normal(size=(40, 3, 2)), draw.normal(size=(40, 2))
    one = bootstrap_means(lambda a, b: a[1] @ b, x, y, resamples=30, seed=7, paired=paired)
    other = bootstrap(
        lambda a, b: a.mean(0)[1] @ b.mean(0), x, y, resamples=30, seed=7, paired=paired
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="empty"):
        bootstrap(np.mean, np.zeros((0, 2)))
    with pytest.raises(DataError, match="1 resamples"):
        bootstrap(np.mean, np.zeros(3), resamples=1)
    with pytest.raises(DataError, match=r"\[3, 4\]"):
        bootstrap(lambda a, b: 0.0, np.zeros(3), np.zeros(4), paired=True)


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (3, 10), (10, 10), (480, 1000)])
def test_proportions_have_wilsons_interval(hits, trials):
    theirs = binomtest(hits, trials).proportion_ci(method="wilson")
    low, high, error = proportion_interval(hits, trials)
    assert (low, high) == pytest.approx((theirs.low, theirs.high))
    assert error == pytest.approx(math.sqrt(hits * (trials - hits) / trials**3))


def test_formulas():
    x = np.random.default_rng(8).normal(size=25)
    assert mean_interval(x).error == pytest.approx(x.std(ddof=1) / 5)
    assert math.isnan(mean_interval(x[:1]).error)
    assert normal_interval(0.5, 1.0, least=0.0, greatest=1.0)[:2] == (0.0, 1.0)
    assert normal_interval(0.0, 1.0).high == pytest.approx(1.959964, abs=1e-6)
    assert student_interval(0.0, 1.0, 4, least=-1.0)[:2] == pytest.approx((-1.0, 2.776445))


def test_the_jackknife_of_two_means():
    """Of a difference of independent means: the sum of both variances of the mean."""
    draw = np.random.default_rng(9)
    x, y = draw.normal(size=30), draw.normal(size=50)
    without_x = (x.sum() - x) / 29 - y.mean()
    without_y = x.mean() - (y.sum() - y) / 49
    expected = math.sqrt(x.var(ddof=1) / 30 + y.var(ddof=1) / 50)
    assert jackknife_error(without_x, without_y) == pytest.approx(expected)
