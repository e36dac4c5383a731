"""Losses against values computed by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import Minimax, NonSaturating, Side
from advnets.game.losses import value_function
from advnets.game.side import split_words

LOGITS_REAL, LOGITS_FAKE = 2.0, -1.0


def said(*logits):
    return Side(tf.constant(logits, tf.float32))


def log_sigmoid(c):
    return -math.log1p(math.exp(-c))


def test_minimax_by_hand():
    real, fake = said(LOGITS_REAL), said(LOGITS_FAKE)
    value = log_sigmoid(LOGITS_REAL) + log_sigmoid(-LOGITS_FAKE)
    assert value == pytest.approx(-0.126928 - 0.313262, abs=1e-6)
    loss = Minimax()
    assert float(loss.discriminator(real, fake)[0]) == pytest.approx(-value, rel=1e-6)
    assert float(loss.generator(real, fake)[0]) == pytest.approx(-0.313262, abs=1e-6)
    assert float(value_function(real, fake)[0]) == pytest.approx(value, rel=1e-6)


def test_non_saturating_by_hand():
    real, fake = said(LOGITS_REAL), said(LOGITS_FAKE)
    loss = NonSaturating(discriminator_weight=0.5)
    # -log D(G(z)) with D = sigmoid(-1) = 0.268941
    assert float(loss.generator(Side(), fake)[0]) == pytest.approx(1.313262, abs=1e-6)
    assert float(loss.discriminator(real, fake)[0]) == pytest.approx(
        0.5 * (0.126928 + 0.313262), abs=1e-6
    )


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()])
def test_equilibrium_is_minus_log_4(loss):
    undecided = said(0.0, 0.0)
    np.testing.assert_allclose(value_function(undecided, undecided), -math.log(4), rtol=1e-6)
    np.testing.assert_allclose(loss.probability(undecided), 0.5)


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()])
@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_extreme_logits_stay_finite(loss, logit):
    for values in (
        loss.discriminator(said(logit), said(logit)),
        loss.generator(Side(), said(logit)),
        value_function(said(logit), said(logit)),
    ):
        assert np.isfinite(values).all()


def test_one_value_per_example():
    real, fake = said(1.0, 2.0, 3.0), said(0.0, -1.0, 4.0)
    assert Minimax().discriminator(real, fake).shape == (3,)
    assert NonSaturating().generator(real, fake).shape == (3,)


def test_output_names_what_is_there_when_asked_for_something_else():
    with pytest.raises(AttributeError, match=r"no 'energy', only logits"):
        said(1.0).energy
    with pytest.raises(PluginError, match="one value per example"):
        Side(tf.constant(0.0))


def test_output_splits_every_tensor():
    both = {"energy": tf.range(5.0), "features": tf.zeros([5, 3])}
    first, rest = (Side(part) for part in split_words(both, [2, 3]))
    assert first.energy.numpy().tolist() == [0.0, 1.0]
    assert rest.energy.numpy().tolist() == [2.0, 3.0, 4.0]
    assert rest.features.shape == (3, 3)
