"""The share of the rarest mode, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.evaluate.estimators.smallest_share import smallest_share_interval


def test_one_mode_has_all_and_one_has_none() -> None:
    share, interval = smallest_share_interval(np.array([10, 0]))
    assert share == interval.low == interval.error == 0
    # Clopper and Pearson for no hit: 1 - (α/2K)^(1/n).
    assert interval.high == pytest.approx(1 - (0.05 / 4) ** 0.1)


def test_of_one_mode_it_is_all() -> None:
    share, interval = smallest_share_interval(np.array([7]))
    assert share == interval.high == 1


@pytest.mark.parametrize(
    "shares", [[0.1] * 10, [0.05, *[0.95 / 9] * 9], [0.0, 0.2, 0.8]], ids=["even", "one", "none"]
)
def test_the_interval_holds_the_smallest_share(shares: list[float]) -> None:
    random = np.random.default_rng(1)
    held = 0
    for histogram in random.multinomial(300, shares, size=400):
        _, interval = smallest_share_interval(histogram)
        held += interval.low <= min(shares) <= interval.high
    assert held >= 0.95 * 400
