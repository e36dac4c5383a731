"""Asking D outside of a round."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.game import NonSaturating
from advnets.networks import BatchNorm, Dropout
from advnets.observe.inference import judge_in_play


def test_in_play_d_takes_the_batch_s_statistics_and_keeps_its_own():
    x = keras.Input((1,))
    y = keras.layers.Dropout(0.5, seed=1)(BatchNorm(epsilon=0.0)(x))
    network = keras.Model(x, {"logits": y})
    batch = np.array([[10.0], [50.0]], np.float32)
    before = [variable.numpy() for variable in network.variables]
    said = judge_in_play(network, NonSaturating(), 1, batch)
    # −1 or 1 after normalisation; then dropped, or doubled.
    assert set(np.abs(said["logits"]).round(4).ravel()) <= {0.0, 2.0}
    assert said["probability"].shape == said["logits"].shape
    for variable, was in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), was)
    assert float(network(batch, training=False)["logits"][0, 0]) == pytest.approx(10.0)


def test_in_play_each_batch_has_a_mask_of_its_own():
    x = keras.Input((1,))
    network = keras.Model(x, {"logits": Dropout(0.5, "discriminator/dropout_0")(x)})

    def kept(seed: int, value: float) -> np.ndarray:
        batch = np.full((200, 1), value, np.float32)
        return judge_in_play(network, NonSaturating(), seed, batch)["logits"] > 0

    masks = [kept(1, 1.0), kept(1, 2.0), kept(2, 1.0)]
    for mask in masks:
        assert 0.3 < mask.mean() < 0.7
    assert (masks[0] != masks[1]).any()
    assert (masks[0] != masks[2]).any()
    np.testing.assert_array_equal(kept(1, 1.0), masks[0])
