"""The Fréchet distance against its formula, where no rank is full, and its error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from advnets.errors import DataError
from advnets.evaluate.estimators.moments import moments_of
from advnets.evaluate.metrics.fid import frechet_distance, frechet_distance_with_error


def covariance(seed, d, rank=None):
    factor = np.random.default_rng(seed).normal(size=(d, rank or d))
    return factor @ factor.T


def test_moments_of_parts_are_those_of_the_whole():
    x = np.random.default_rng(0).normal(1e3, 1.0, size=(101, 5))
    for part in (1, 7, 1000):
        found = moments_of(x, part)
        assert found.count == 101
        np.testing.assert_allclose(found.mean, x.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(found.covariance, np.cov(x, rowvar=False), rtol=1e-9)


def test_diagonal_gaussians():
    """On each axis (m₁ − m₂)² + (s₁ − s₂)²."""
    m1, m2 = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 5.0])
    s1, s2 = np.array([1.0, 0.0, 3.0]), np.array([4.0, 2.0, 3.0])
    assert frechet_distance(m1, np.diag(s1**2), m2, np.diag(s2**2)) == pytest.approx(
        1 + 4 + 4 + 9 + 4 + 0
    )


def test_equals_the_formula_with_a_matrix_square_root():
    a, b = covariance(1, 6), covariance(2, 6)
    mean = np.arange(6.0)
    theirs = mean @ mean + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(mean, a, 0 * mean, b) == pytest.approx(theirs, rel=1e-9)


def test_does_not_change_when_both_are_rotated():
    a, b, mean = covariance(3, 8), covariance(4, 8, rank=3), np.ones(8)
    q, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(8, 8)))
    before = frechet_distance(mean, a, 0 * mean, b)
    assert frechet_distance(q @ mean, q @ a @ q.T, 0 * mean, q @ b @ q.T) == pytest.approx(before)
    assert frechet_distance(0 * mean, b, mean, a) == pytest.approx(before)


@pytest.mark.parametrize("rank", [1, 20, 64])
def test_a_distribution_is_at_no_distance_from_itself(rank):
    a = covariance(6, 64, rank)
    assert frechet_distance(np.ones(64), a, np.ones(64), a) < 1e-9 * np.trace(a)


def test_directions_that_a_covariance_lacks_contribute_exactly_nothing():
    """Two Gaussians on lines at an angle of 60°: the overlap is σ₁σ₂ |cos 60°|."""
    u, v = np.zeros(200), np.zeros(200)
    u[0], v[0], v[1] = 1.0, 0.5, math.sqrt(0.75)
    distance = frechet_distance(
        np.zeros(200), 4 * np.outer(u, u), np.zeros(200), 9 * np.outer(v, v)
    )
    assert distance == pytest.approx(4 + 9 - 2 * 2 * 3 * 0.5, rel=1e-12)


@pytest.mark.parametrize(("d", "n", "shift"), [(4, 400, 0.6), (40, 25, 0.5)])
def test_the_error_is_the_spread_of_repeated_measurements(d, n, shift):
    values, errors = [], []
    for seed in range(80):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(n, d)), draw.normal(shift, 1.3, size=(n, d))
        value, interval = frechet_distance_with_error(x, y)
        values.append(value)
        errors.append(interval.error)
    claimed, spread = math.sqrt(np.mean(np.square(errors))), np.std(values, ddof=1)
    # The spread of 80 values is known to 8 %. With fewer examples than dimensions the claim
    # is on the safe side.
    assert 0.8 < claimed / spread < 1.7


def test_too_few_examples_are_refused():
    one, two = np.zeros((1, 3)), np.zeros((2, 3))
    with pytest.raises(DataError, match="at least three"):
        frechet_distance_with_error(two, one)
