"""KID, MMD and energy distance: by hand, unbiased, and with errors that are true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advnets.errors import DataError
from advnets.evaluate.estimators.discrepancy import discrepancy
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


def test_energy_distance_of_three_points():
    """2 E|X−Y| − E|X−X'| − E|Y−Y'| = 2·(2 + 1 + 1)/3 − (1 + 2 + 1)·2/6 − 0."""
    x, y = np.array([[0.0], [1.0], [2.0]]), np.array([[2.0], [2.0], [2.0]])
    value, _ = discrepancy(x, y, "negative_distance")
    assert value == pytest.approx(2 * 1 - 4 / 3)


def test_mmd_of_points_at_two_places():
    """E k = 1 within each, e^(−d²/2σ²) between."""
    value, interval = discrepancy(np.zeros((4, 3)), np.full((3, 3), 2.0), "gaussian", [2.0])
    assert value == pytest.approx(2 - 2 * math.exp(-12 / 8))
    assert interval.error == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(("kernel", "parameters"), KERNEL_PARAMETERS)
def test_equals_the_sum_over_pairs_and_the_jackknife_by_leaving_out(kernel, parameters):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(5, 3)), draw.normal(1.0, 1.0, size=(7, 3))
    value, interval = discrepancy(x, y, kernel, *parameters)
    assert value == pytest.approx(by_hand(x, y, kernel, *parameters), rel=1e-9)
    without_x = [by_hand(np.delete(x, i, axis=0), y, kernel, *parameters) for i in range(5)]
    without_y = [by_hand(x, np.delete(y, i, axis=0), kernel, *parameters) for i in range(7)]
    expected = math.sqrt(4 * np.var(without_x) + 6 * np.var(without_y))
    assert interval.error == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("kernel", "parameters"), KERNEL_PARAMETERS)
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_unbiased_and_with_a_true_error(kernel, parameters, shift):
    values, errors = [], []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(60, 4)), draw.normal(shift, 1.0, size=(50, 4))
        value, interval = discrepancy(x, y, kernel, *parameters)
        values.append(value)
        errors.append(interval.error)
    spread = np.std(values, ddof=1)
    if shift == 0:
        assert abs(np.mean(values)) < 3.5 * spread / 10
    claimed = math.sqrt(np.mean(np.square(errors)))
    assert 0.75 < claimed / spread < (1.8 if shift == 0 else 1.3)


def test_a_subset_that_is_all_equals_all_pairs():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(30, 6)), draw.normal(0.3, 1.0, size=(30, 6))
    whole, _ = discrepancy(x, y, "polynomial")
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
