"""Both losses against hand values and their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_relativistic.average import RelativisticAverage
from advnets_relativistic.paired import Relativistic

from advnets.game import Side

LOG2 = np.log(2.0)
RANDOM = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")


def said(*logits: float) -> Side:
    return Side(tf.constant(logits, tf.float32))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_where_both_sides_are_equally_realistic() -> None:
    alike = said(5.0, 5.0)
    for loss, value in ((Relativistic(), LOG2), (RelativisticAverage(), 2 * LOG2)):
        np.testing.assert_allclose(loss.discriminator(alike, alike), [value] * 2, rtol=1e-6)
        np.testing.assert_allclose(loss.generator(alike, alike), [value] * 2, rtol=1e-6)
        np.testing.assert_allclose(loss.observe(alike, alike)["over_fake"], [0.5, 0.5])


def test_the_paired_loss_by_its_definition() -> None:
    real, fake = RANDOM
    loss = Relativistic()
    d_loss = loss.discriminator(said(*real), said(*fake))
    g_loss = loss.generator(said(*real), said(*fake))
    np.testing.assert_allclose(d_loss, -np.log(sigmoid(real - fake)), rtol=1e-5)
    np.testing.assert_allclose(g_loss, -np.log(sigmoid(fake - real)), rtol=1e-5)


def test_the_average_loss_by_its_definition() -> None:
    real, fake = RANDOM
    over_fake, over_real = sigmoid(real - fake.mean()), sigmoid(fake - real.mean())
    loss = RelativisticAverage()
    d_loss = loss.discriminator(said(*real), said(*fake))
    g_loss = loss.generator(said(*real), said(*fake))
    np.testing.assert_allclose(d_loss, -np.log(over_fake) - np.log(1 - over_real), rtol=1e-5)
    np.testing.assert_allclose(g_loss, -np.log(over_real) - np.log(1 - over_fake), rtol=1e-5)
    seen = loss.observe(said(*real), said(*fake))
    np.testing.assert_allclose(seen["over_real"], over_real, rtol=1e-5)


@pytest.mark.parametrize("loss", [Relativistic(), RelativisticAverage()])
def test_a_constant_added_to_the_critic_changes_nothing(loss) -> None:
    real, fake = RANDOM
    for player in ("discriminator", "generator"):
        values = [
            getattr(loss, player)(said(*(real + shift)), said(*(fake + shift)))
            for shift in (0.0, 3.0)
        ]
        np.testing.assert_allclose(*values, rtol=1e-4)


def test_the_gradient_runs_through_the_means_too() -> None:
    """Against finite differences of the mean loss, in float64, in one real example."""
    real, fake = RANDOM.astype("float64")

    def mean_loss(real: np.ndarray) -> float:
        over_fake, over_real = sigmoid(real - fake.mean()), sigmoid(fake - real.mean())
        return float(np.mean(-np.log(over_fake) - np.log(1 - over_real)))

    logits = tf.constant(RANDOM[0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        output = Side(logits)
        loss = tf.reduce_mean(RelativisticAverage().discriminator(output, said(*fake)))
    gradient = tape.gradient(loss, logits).numpy()
    step = np.zeros(6)
    step[2] = 1e-6
    numeric = (mean_loss(real + step) - mean_loss(real - step)) / 2e-6
    assert gradient[2] == pytest.approx(numeric, rel=1e-4)


def test_no_example_is_real_by_itself() -> None:
    loss = RelativisticAverage()
    assert loss.needs_real
    assert not loss.log_odds
    assert loss.probability(said(1.0)) is None
