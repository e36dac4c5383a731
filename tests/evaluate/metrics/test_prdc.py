"""Precision, recall, density, coverage: by hand, at their bounds, and their errors."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.errors import DataError
from advnets.evaluate.estimators.manifolds import build_balls, find_neighbours
from advnets.evaluate.metrics.prdc import neighbour_scores


def column(*values):
    return np.array(values, np.float64)[:, None]


def values_of(real, generated, k=1, **more):
    return {
        name: value for name, (value, _) in neighbour_scores(real, generated, k, **more).items()
    }


def test_by_hand():
    """Real 0, 1, 3, 7 have radii 1, 1, 2, 4; generated 2, 2.5, 20, 21 have ½, ½, 1, 1."""
    found = values_of(column(0, 1, 3, 7), column(2, 2.5, 20, 21), groups=4)
    # 2 lies in the balls of 1 (on its surface) and 3; 2.5 in that of 3; 20 and 21 in none.
    assert found["precision"] == 0.5
    assert found["density"] == pytest.approx(3 / 4)
    # 3 lies on the surface of the ball of 2.5; the others in none.
    assert found["recall"] == 0.25
    # The balls of 1 and 3 hold 2; that of 0 ends at 1; that of 7 starts at 3.
    assert found["coverage"] == 0.5


def test_copies_of_the_real_examples_score_best():
    x = np.random.default_rng(0).normal(size=(60, 3))
    found = values_of(x, x.copy(), k=3)
    assert found["precision"] == found["recall"] == found["coverage"] == 1
    # Each lies in its own ball and in k others on average.
    assert found["density"] == pytest.approx(4 / 3)


def test_far_away_scores_nothing_and_says_how_sure_that_is():
    x = np.random.default_rng(1).normal(size=(50, 2))
    for value, interval in neighbour_scores(x, x + 100, 3, groups=5).values():
        assert value == interval.low == 0
        assert interval.error == 0
    assert neighbour_scores(x, x + 100, 3, groups=5)["precision"][1].high > 0.05  # 0 of 50


def test_collapse_keeps_precision_and_loses_recall():
    draw = np.random.default_rng(2)
    real = draw.normal(size=(300, 2))
    found = values_of(real, real[:1] + 1e-3 * draw.normal(size=(300, 2)), k=5)
    assert found["precision"] > 0.9
    assert found["recall"] < 0.05
    assert found["coverage"] < 0.1


def test_an_outlier_feigns_precision_but_not_density():
    draw = np.random.default_rng(3)
    real = np.concatenate([draw.normal(size=(100, 2)), [[100.0, 0.0]]])
    found = values_of(real, draw.uniform([10, -20], [90, 20], size=(100, 2)), k=5)
    assert found["precision"] > 0.9
    assert found["density"] < 0.3


def test_expected_coverage_of_equal_distributions():
    """1 − ∏ (n − i)/(n + m − i) over the k neighbours, of Naeem et al., to three errors."""
    draw = np.random.default_rng(4)
    n = m = 150
    found = [
        values_of(draw.normal(size=(n, 3)), draw.normal(size=(m, 3)), k=3)["coverage"]
        for _ in range(20)
    ]
    expected = 1 - np.prod([(n - 1 - i) / (n + m - 1 - i) for i in range(3)])
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(19))


def test_radii_without_a_group_are_those_of_the_remaining_points():
    x = np.random.default_rng(5).normal(size=(40, 2))
    found = build_balls(x, k=3, groups=4, seed=6)
    for g in range(4):
        stay = found.group != g
        alone = build_balls(x[stay], k=3, groups=2, seed=0).radii[0]
        np.testing.assert_allclose(found.radii[1 + g, stay], alone, rtol=1e-9)
        assert (found.radii[1 + g, ~stay] == -1).all()
    assert sorted(np.bincount(found.group)) == [10, 10, 10, 10]


def test_neighbours_are_others():
    x = column(5, 5, 5, 9)
    found = find_neighbours(np.array([0, 3]), x, 2)
    assert found[0, 0].tolist() == [0, 0]
    assert 0 not in found[0, 1]
    assert found[1, 0].tolist() == [16, 16]


def test_errors_cover_what_repeated_measurements_do():
    """A jackknife of what nearest neighbours decide is on the safe side, by up to 2."""
    values, errors = {}, {}
    for seed in range(40):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(200, 3)), draw.normal(0.6, 0.8, size=(200, 3))
        for name, (value, interval) in neighbour_scores(x, y, 3, seed=seed).items():
            values.setdefault(name, []).append(value)
            errors.setdefault(name, []).append(interval.error)
    for name in values:
        claimed = np.sqrt(np.mean(np.square(errors[name])))
        assert 0.8 < claimed / np.std(values[name], ddof=1) < 2.2, name


def test_too_few_examples_are_refused():
    with pytest.raises(DataError, match="6 examples are too few for 5 neighbours"):
        values_of(np.random.default_rng(7).normal(size=(6, 2)), np.zeros((30, 2)), k=5)
