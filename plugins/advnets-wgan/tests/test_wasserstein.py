"""The critic's loss against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_wgan.wasserstein import Wasserstein

from advnets.game import Side


def said(*critic: float) -> Side:
    return Side(tf.constant(critic, tf.float32))


@pytest.mark.parametrize(
    ("real", "fake", "d_loss"),
    [(3.0, -1.0, -4.0), (-2.0, 5.0, 7.0), (0.0, 0.0, 0.0), (1e6, 1e6, 0.0)],
)
def test_by_hand(real: float, fake: float, d_loss: float) -> None:
    loss = Wasserstein()
    assert loss.discriminator(said(real), said(fake)).numpy() == [d_loss]
    assert loss.generator(Side(), said(fake)).numpy() == [-fake]


def test_one_value_per_example() -> None:
    real, fake = said(1.0, 2.0, 3.0), said(0.0, 4.0, -1.0)
    np.testing.assert_array_equal(Wasserstein().discriminator(real, fake), [-1.0, 2.0, -4.0])
    np.testing.assert_array_equal(Wasserstein().generator(real, fake), [0.0, -4.0, 1.0])


def test_a_critics_output_is_no_logit() -> None:
    loss = Wasserstein()
    assert not loss.log_odds
    assert loss.probability(said(1.0)) is None
    assert not loss.needs_real


def test_reports_the_estimate_of_the_distance() -> None:
    seen = Wasserstein().observe(said(5.0), said(2.0))
    assert {name: float(values[0]) for name, values in seen.items()} == {
        "critic_real": 5.0,
        "critic_fake": 2.0,
        "wasserstein_estimate": 3.0,
    }
