"""The tests between groups of scores, against numbers worked out by hand or by definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from advnets.compare import holm, permutation, standard_error, welch


def test_the_standard_error_divides_by_n_minus_one() -> None:
    # mean 4, squares 4 + 0 + 4, over 2, root 2; over √3
    assert standard_error([2.0, 4.0, 6.0]) == pytest.approx(2 / math.sqrt(3))
    assert standard_error([5.0]) is None


def test_the_standard_error_is_that_of_a_mean() -> None:
    """Its square is without bias, for 3 seeds as for 10: σ²/n."""
    for n in (3, 10):
        draws = np.random.default_rng(n).normal(scale=2.0, size=(2_000, n))
        squares = [(standard_error(scores) or 0.0) ** 2 for scores in draws]
        assert np.mean(squares) == pytest.approx(4.0 / n, rel=0.1)


def test_welch_by_hand() -> None:
    """Two degrees of freedom, where the distribution of t has a closed form.

    Variances 2 and 0 over n = 2 give ν = 1, the Cauchy distribution: p = 1 − 2 atan(t)/π.
    """
    t = (5.0 - 1.0) / math.sqrt(2.0 / 2)
    assert welch([0.0, 2.0], [5.0, 5.0]) == pytest.approx(1 - 2 * math.atan(t) / math.pi)


def test_welch_has_nothing_to_say_of_one_value_or_without_spread() -> None:
    assert welch([1.0], [2.0, 3.0]) is None
    assert welch([1.0, 1.0], [2.0, 2.0]) is None


def test_permutation_counts_the_splits() -> None:
    first, second = [1.0, 7.0, 3.0], [2.0, 8.0, 9.0, 4.0]
    pooled = [*first, *second]
    observed = abs(np.mean(first) - np.mean(second))
    apart = []
    for chosen in itertools.combinations(range(7), 3):
        others = [pooled[i] for i in range(7) if i not in chosen]
        apart.append(abs(np.mean([pooled[i] for i in chosen]) - np.mean(others)))
    assert len(apart) == 35
    expected = sum(value >= observed - 1e-9 for value in apart) / 35
    assert permutation(first, second) == pytest.approx(expected)


def test_permutation_cannot_be_smaller_than_its_least() -> None:
    assert permutation([0.0, 0.1, 0.2], [100.0, 100.1, 100.2]) == pytest.approx(2 / 20)
    assert permutation([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert permutation([0.0] * 20, [1.0] * 20) is None  # 1.4e11 ways
    assert permutation([0.0], [1.0, 2.0]) is None


def test_a_shift_or_a_scale_changes_no_test() -> None:
    first, second = np.array([0.1, 0.4, 0.2]), np.array([0.5, 0.3, 0.9, 0.7])
    for test in (welch, permutation):
        plain = test(first, second)
        assert test(first * 3 + 7, second * 3 + 7) == pytest.approx(plain)
        assert test(second, first) == pytest.approx(plain)


def test_the_level_is_kept_where_there_is_no_difference() -> None:
    """Of 400 pairs of equal groups, 5 % are told apart by chance: 20 ± 4.4."""
    draws = np.random.default_rng(7).normal(size=(400, 2, 5))
    small = sum((welch(a, b) or 1.0) < 0.05 for a, b in draws)
    assert 5 <= small <= 34


def test_holm() -> None:
    # The example of sorted p-values 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, made monotone.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([None, 0.5]) == [None, 0.5]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_huge_numbers_overflow_to_nothing_and_without_a_warning() -> None:
    assert standard_error([1e308, -1e308]) is None
    assert welch([1e308, -1e308], [0.0, 1e308]) == 1.0  # a spread beyond all bounds tells nothing
    assert permutation([1e308, 1e308], [-1e308, -1e308]) is not None


@pytest.mark.filterwarnings("error")
def test_nearly_equal_values_warn_of_nothing() -> None:
    assert welch([5.0, 5.0], [1.0, 1.0 + 1e-15]) == pytest.approx(0.0, abs=1e-6)
