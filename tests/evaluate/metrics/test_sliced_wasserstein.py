"""Sliced Wasserstein: exact on a line, known for shifts, potentials that are optimal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from advnets.errors import DataError
from advnets.evaluate.metrics.sliced_wasserstein import (
    random_directions,
    sliced_distance,
    staircase,
    transport_along,
)

LINE = np.array([[1.0]])


@pytest.mark.parametrize(("n", "m"), [(30, 30), (30, 17), (1, 9), (6, 4)])
def test_on_a_line_it_is_the_wasserstein_distance(n, m):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(n, 1)), draw.normal(1.0, 2.0, size=(m, 1))
    found = transport_along(LINE, x, y, 1)[0, 0]
    assert found == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]))


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize(("n", "m"), [(5, 5), (4, 7)])
def test_potentials_solve_the_dual_problem(n, m, p):
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(n, 1)), draw.normal(size=(m, 1))
    found = transport_along(LINE, x, y, p)[0]
    cost, phi, psi = found[0], found[1 : 1 + n], found[1 + n :]
    costs = np.abs(x - y.T) ** p
    assert (phi[:, None] + psi <= costs + 1e-12).all()
    assert phi.mean() + psi.mean() == pytest.approx(cost)
    marginals = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    plan = linprog(costs.ravel(), A_eq=marginals, b_eq=[1 / n] * n + [1 / m] * m)
    assert cost == pytest.approx(plan.fun)


def test_a_shift_costs_its_component_along_each_direction():
    draw = np.random.default_rng(2)
    x = draw.normal(size=(50, 3))
    shift = np.array([3.0, 0.0, 4.0])
    directions = random_directions(40, 3, seed=3)
    along = directions @ shift
    for p, expected in ((1, np.abs(along).mean()), (2, math.sqrt((along**2).mean()))):
        value, interval, among = sliced_distance(x, x + shift, directions, p)
        assert value == pytest.approx(expected)
        assert interval.low < value < interval.high
        assert among > 0
    # Over all directions the mean square of a component is |shift|²/3.
    value, _, _ = sliced_distance(x, x + shift, random_directions(4000, 3, seed=4), 2)
    assert value == pytest.approx(5 / math.sqrt(3), rel=0.05)


def test_nothing_to_move_costs_nothing():
    x = np.random.default_rng(5).normal(size=(20, 2))
    value, interval, among = sliced_distance(x, x[::-1], random_directions(5, 2, seed=0), 2)
    assert value == interval.error == among == 0


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (2, 5), (6, 4)])
def test_the_staircase_gives_each_point_its_mass(n, m):
    i, j, mass = staircase(n, m)
    assert len(i) == n + m - 1
    np.testing.assert_allclose(np.bincount(i, weights=mass), 1 / n)
    np.testing.assert_allclose(np.bincount(j, weights=mass), 1 / m)


@pytest.mark.parametrize("p", [1, 2])
def test_the_error_is_the_spread_of_repeated_measurements(p):
    values, errors = [], []
    directions = random_directions(20, 4, seed=6)
    for seed in range(80):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(200, 4)), draw.normal(0.6, 1.0, size=(150, 4))
        value, interval, _ = sliced_distance(x, y, directions, p)
        values.append(value)
        errors.append(interval.error)
    assert 0.75 < math.sqrt(np.mean(np.square(errors))) / np.std(values, ddof=1) < 1.3


def test_one_example_has_no_error():
    with pytest.raises(DataError, match="at least three"):
        sliced_distance(np.zeros((1, 1)), np.zeros((4, 1)), LINE, 1)
