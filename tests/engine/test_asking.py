"""Asking D outside of a round."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.engine.asking import judged_in_play
from advnets.game import NonSaturating
from advnets.networks import BatchNorm


def test_in_play_d_takes_the_batch_s_statistics_and_keeps_its_own():
    x = keras.Input((1,))
    y = keras.layers.Dropout(0.5, seed=1)(BatchNorm(epsilon=0.0)(x))
    network = keras.Model(x, {"logits": y})
    batch = np.array([[10.0], [50.0]], np.float32)
    before = [variable.numpy() for variable in network.variables]
    said = judged_in_play(network, NonSaturating(), batch)
    # −1 or 1 after normalisation; then dropped, or doubled.
    assert set(np.abs(said["logits"]).round(4).ravel()) <= {0.0, 2.0}
    assert said["probability"].shape == said["logits"].shape
    for variable, was in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), was)
    assert float(network(batch, training=False)["logits"][0, 0]) == pytest.approx(10.0)
