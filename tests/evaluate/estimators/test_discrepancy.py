"""KID, MMD and energy distance: by hand, unbiased, and with errors that are true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advnets.errors import DataError
from advnets.evaluate.estimators.discrepancy import Discrepancy, discrepancy, discrepancy_interval
from advnets.evaluate.estimators.pairs import KERNELS, kernel_sums, squared_distances
from advnets.evaluate.metrics.kid import draw_subsets, polynomial_mmd, subset_discrepancies
from advnets.evaluate.metrics.mmd import median_distance

KERNEL_PARAMETERS = [("polynomial", ()), ("gaussian", ([0.7, 2.0],)), ("negative_distance", ())]


def by_hand(x, y, kernel, *parameters):
    """Term by term, as lemma 6 of Gretton et al. has it."""

    def k(a, b):
        return KERNELS[kernel](a[None], b[None], *parameters)[0, 0]

    within = [
        math.fsum(k(a, b) for i, a in enumerate(side) for j, b in enumerate(side) if i != j)
        / (len(side) * (len(side) - 1))
        for side in (x, y)
    ]
    return sum(within) - 2 * math.fsum(k(a, b) for a in x for b in y) / (len(x) * len(y))


def test_energy_distance_of_four_points():
    """2 E|X−Y| − E|X−X'| − E|Y−Y'| = 2·(2 + 1 + 1 + 2)/4 − (1 + 2 + 3 + 1 + 2 + 1)/6 − 0."""
    x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([[2.0], [2.0], [2.0], [2.0]])
    found = discrepancy(x, y, "negative_distance")
    assert found.value == pytest.approx(2 * 1 - 10 / 6)


def test_mmd_of_points_at_two_places():
    """E k = 1 within each, e^(−d²/2σ²) between; nothing varies."""
    found = discrepancy(np.zeros((4, 3)), np.full((5, 3), 2.0), "gaussian", [2.0])
    value = pytest.approx(2 - 2 * math.exp(-12 / 8))
    assert found.value == value
    assert discrepancy_interval(found) == (value, value, 0.0)


@pytest.mark.parametrize(("kernel", "parameters"), KERNEL_PARAMETERS)
def test_equals_the_sum_over_pairs(kernel, parameters):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(5, 3)), draw.normal(1.0, 1.0, size=(7, 3))
    found = discrepancy(x, y, kernel, *parameters)
    assert found.value == pytest.approx(by_hand(x, y, kernel, *parameters), rel=1e-9)


@pytest.mark.parametrize(("kernel", "parameters"), KERNEL_PARAMETERS)
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_unbiased_and_so_is_its_variance(kernel, parameters, shift):
    """Of few examples, where terms of any order matter."""
    times, found = 500, []
    draw = np.random.default_rng(0)
    for _ in range(times):
        x, y = draw.random((6, 2)), shift + draw.random((9, 2))
        found.append(discrepancy(x, y, kernel, *parameters))
    values = np.array([one.value for one in found])
    if shift == 0:
        assert abs(values.mean()) < 4 * values.std() / math.sqrt(times)
        linear = np.array([one.linear for one in found])
        assert abs(linear.mean()) < 4 * linear.std() / math.sqrt(times)
    claimed = np.mean([one.linear + one.quadratic for one in found])
    # The variance of normal values is known to √(2/500) = 6 %; these are skewed.
    assert claimed / values.var(ddof=1) == pytest.approx(1.0, abs=0.3)


def test_an_interval_is_of_those_values_that_chance_does_not_rule_out():
    """(4 − θ)² ≤ t² (1 + θ), solved for θ; with a negative estimate, cut at 0."""
    found = Discrepancy(4.0, linear=4.0, quadratic=1.0, slope=1.0, weight=1e9)
    low, high, error = discrepancy_interval(found)
    for end in (low, high):
        assert (4 - end) ** 2 == pytest.approx(1.959964**2 * (1 + end), rel=1e-4)
    assert error == pytest.approx(math.sqrt(5))
    low, high, _ = discrepancy_interval(found._replace(value=-1.0, linear=-3.0))
    assert low == -1.0
    assert high > 0
    assert discrepancy_interval(found, more=3.0).error == pytest.approx(math.sqrt(8))


def test_what_a_few_examples_decide_is_noted():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 60, 1))
    assert discrepancy(x, y, "negative_distance").note() == ""
    x = draw.standard_cauchy(size=(60, 1))
    assert "heavy tails" in discrepancy(x, y, "polynomial").note()


def test_a_subset_that_is_all_equals_all_pairs():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(30, 6)), draw.normal(0.3, 1.0, size=(30, 6))
    whole = discrepancy(x, y, "polynomial").value
    chosen = draw_subsets(30, 30, 2, 30, seed=4)
    np.testing.assert_allclose(subset_discrepancies(chosen, x, y), [whole, whole], rtol=1e-10)
    assert polynomial_mmd(x, y) == pytest.approx(whole, rel=1e-10)


def test_subsets_hold_no_example_twice():
    chosen = draw_subsets(40, 50, 20, 30, seed=2)
    assert chosen.shape == (20, 2, 30)
    assert all(len(set(side)) == 30 for subset in chosen for side in subset)
    assert chosen[:, 0].max() < 40 <= chosen[:, 1].max() < 50


def test_distances_keep_their_digits_far_from_the_origin():
    draw = np.random.default_rng(3)
    x, y = draw.random((4, 100)), draw.random((6, 100))
    expected = [[np.sum((a - b) ** 2) for b in y] for a in x]
    np.testing.assert_allclose(squared_distances(x + 1e4, y + 1e4), expected, rtol=1e-9)
    assert (squared_distances(x + 1e4, x + 1e4) >= 0).all()


def test_blocks_do_not_change_sums():
    x, y = np.random.default_rng(4).normal(size=(2, 20, 3))
    whole = kernel_sums(x, y, "gaussian", [1.0])
    np.testing.assert_allclose(kernel_sums(x, y, "gaussian", [1.0], block=41), whole, rtol=1e-12)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(DataError, match="2 real and 5"):
        discrepancy(np.zeros((2, 1)), np.zeros((5, 1)), "negative_distance")
    with pytest.raises(DataError, match="bandwidth"):
        median_distance(np.ones((5, 2)))
