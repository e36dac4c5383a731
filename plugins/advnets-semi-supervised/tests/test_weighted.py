"""Weights of a loss's two parts."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_losses.began import Began
from advnets_losses.feature_matching import FeatureMatching
from advnets_semi_supervised.weighted import Weighted

from advnets.errors import AdvnetsError
from advnets.game import Side
from advnets.plugins import load_plugins
from advnets.schedule import at_round


def test_each_part_is_weighted_and_needs_what_it_needs() -> None:
    loss = Weighted(loss=FeatureMatching(), discriminator=0.5, generator=2.0)
    assert (loss.requires, loss.needs_real, loss.log_odds) == (("logits", "features"), True, True)
    real = Side({"logits": tf.zeros(2), "features": tf.constant([[1.0], [3.0]])})
    fake = Side({"logits": tf.zeros(2), "features": tf.constant([[0.0], [0.0]])})
    np.testing.assert_allclose(loss.discriminator(real, fake), [np.log(2)] * 2, rtol=1e-6)
    np.testing.assert_allclose(loss.generator(real, fake), [8.0, 8.0])  # 2 · 2²
    np.testing.assert_allclose(loss.probability(real), [0.5, 0.5])


def test_a_weight_may_begin_late() -> None:
    late = {"from": 0.0, "to": 1.0, "begin": 10, "rounds": 10}
    loss = Weighted(loss=FeatureMatching(), discriminator=late)
    said = Side({"logits": tf.zeros(1), "features": tf.zeros([1, 1])})
    for step, expected in {0: 0.0, 15: np.log(2), 20: 2 * np.log(2)}.items():
        with at_round(step):
            np.testing.assert_allclose(loss.discriminator(said, said), [expected], rtol=1e-6)


def test_the_state_of_the_loss_goes_on() -> None:
    loss = Weighted(loss=Began(gamma=0.5, rate=0.1), generator=0.0)
    energies = [Side({"energy": tf.constant([value])}) for value in (8.0, 1.0)]
    loss.update(*energies)
    assert float(loss.loss.k) == pytest.approx(0.3)
    np.testing.assert_allclose(loss.discriminator(*energies), [7.7], rtol=1e-6)


def test_a_negative_weight_is_refused() -> None:
    component = load_plugins().component("losses", "weighted")
    with pytest.raises((AdvnetsError, ValueError), match="0"):
        component.resolve({"discriminator": -1.0})
