"""Medians and ratios, by hand."""

from __future__ import annotations

import pytest

from benchmarks.gpu_profile import idle_share
from benchmarks.stats import median, ratio, spread


def test_the_median_of_an_even_number_of_turns_lies_between_the_middle_ones():
    assert median([4.0, 1.0, 2.0, 100.0]) == 3.0


def test_a_drift_of_the_machine_cancels():
    slower_and_slower = [1.0, 0.5, 0.25]
    ours, theirs = [30 * s for s in slower_and_slower], [20 * s for s in slower_and_slower]
    assert ratio(ours, theirs) == pytest.approx(1.5)
    assert ratio(theirs, ours) == pytest.approx(2 / 3)


def test_one_disturbed_turn_does_not_move_the_ratio():
    assert ratio([30.0, 30.0, 3.0], [20.0, 20.0, 20.0]) == 1.5


def test_a_contestant_that_played_once_is_compared_by_medians():
    assert ratio([30.0, 20.0, 10.0], [0.1]) == pytest.approx(200)


def test_spread():
    assert spread([8.0, 10.0, 12.0]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("kernels", "share"),
    [
        ([(0.0, 4.0)], 0.0),
        ([(0.0, 1.0), (3.0, 4.0)], 0.5),
        ([(3.0, 4.0), (0.0, 2.0), (1.0, 2.0)], 0.25),  # in any order, overlapping
        ([], None),
    ],
)
def test_the_idle_share_is_the_time_without_any_kernel(kernels, share):
    assert idle_share(kernels) == share
