from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from advnets.optimizers import FlooredDecay


@pytest.mark.parametrize("t", [0, 1, 500, 50_000, 500_000, 2_000_000])
def test_the_authors_decay(t: int) -> None:
    """1.000004 per minibatch: 0.0135 after 500,000 of them."""
    rate = float(FlooredDecay(0.1, 1.000004, 1e-6)(tf.constant(t, tf.int64)))
    assert rate == pytest.approx(max(0.1 / 1.000004**t, 1e-6), rel=2e-6)
    if t == 500_000:
        assert rate == pytest.approx(0.0135, abs=5e-5)


def test_the_floor_is_kept() -> None:
    schedule = FlooredDecay(0.1, 1.000004, 1e-6)
    assert float(schedule(3_000_000)) == pytest.approx(1e-6, rel=1e-5)
    assert float(schedule(10_000_000)) == pytest.approx(1e-6)


def test_it_survives_serialisation() -> None:
    schedule = FlooredDecay(0.1, 1.5, 0.01)
    schedules = keras.optimizers.schedules
    assert schedules.deserialize(schedules.serialize(schedule)).get_config() == {
        "initial": 0.1,
        "decay": 1.5,
        "floor": 0.01,
    }
