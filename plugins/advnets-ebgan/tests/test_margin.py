"""The margin loss against values worked out by hand, on either side of the margin."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_ebgan.margin import EbganMargin

from advnets.game import Side


def said(*energy: float) -> Side:
    return Side({"energy": tf.constant(energy, tf.float32)})


@pytest.mark.parametrize(
    ("real", "fake", "d_loss"),
    [
        (3.0, 4.0, 9.0),  # 3 + (10 - 4)
        (3.0, 9.5, 3.5),  # 3 + 0.5
        (3.0, 10.0, 3.0),  # on the margin
        (3.0, 12.0, 3.0),  # beyond it: what G does no longer matters
        (0.0, 0.0, 10.0),
    ],
)
def test_by_hand(real: float, fake: float, d_loss: float) -> None:
    loss = EbganMargin(10.0)
    assert loss.discriminator(said(real), said(fake)).numpy() == [d_loss]
    assert loss.generator(Side(), said(fake)).numpy() == [fake]


def test_one_value_per_example() -> None:
    loss = EbganMargin(2.0)
    values = loss.discriminator(said(1.0, 0.5, 0.0), said(1.0, 5.0, 1.5))
    np.testing.assert_allclose(values, [2.0, 0.5, 0.5])


@pytest.mark.parametrize(("fake", "slope"), [(4.0, -1.0), (12.0, 0.0)])
def test_d_pushes_up_to_the_margin_and_no_further(fake: float, slope: float) -> None:
    energy = tf.constant([fake])
    with tf.GradientTape() as tape:
        tape.watch(energy)
        value = EbganMargin(10.0).discriminator(said(1.0), Side({"energy": energy}))
    assert tape.gradient(value, energy).numpy() == [slope]


def test_reports_both_energies_and_no_probability() -> None:
    loss = EbganMargin()
    seen = loss.observe(said(1.0), said(7.0))
    assert {name: float(values[0]) for name, values in seen.items()} == {
        "energy_real": 1.0,
        "energy_fake": 7.0,
    }
    assert not loss.log_odds
    assert loss.probability(said(1.0)) is None
