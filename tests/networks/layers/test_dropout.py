from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import Dropout
from advnets.random import Draw, scope

ONES = tf.ones((64, 100))


def drop(layer: Dropout, step: int = 0, stage: str = "d", x: tf.Tensor = ONES) -> np.ndarray:
    with scope(Draw(1, step), stage, [("real", x.shape[0])]):
        return layer(x, training=True).numpy()


def test_scaling_is_inverted() -> None:
    dropped = drop(Dropout(0.2, "a"))
    assert set(np.unique(dropped).tolist()) == {0.0, 1.25}
    assert (dropped == 0).mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / dropped.size))


def test_nothing_is_dropped_outside_of_training() -> None:
    layer = Dropout(0.5, "a")
    with scope(Draw(1, 0), "d", [("real", 64)]):
        assert (layer(ONES).numpy() == 1).all()


def test_a_mask_depends_on_seed_step_and_stream_only() -> None:
    first = drop(Dropout(0.5, "a"))
    assert (drop(Dropout(0.5, "a", seed=9)) == first).all()
    assert (drop(Dropout(0.5, "b")) != first).any()
    assert (drop(Dropout(0.5, "a"), step=1) != first).any()


def test_one_joint_batch_equals_two_separate_ones() -> None:
    layer = Dropout(0.5, "a")
    with scope(Draw(1, 0), "d", [("real", 3), ("fake", 2)]):
        joint = layer(ONES[:5], training=True)
    with scope(Draw(1, 0), "d", [("real", 3)]):
        real = layer(ONES[:3], training=True)
    with scope(Draw(1, 0), "d", [("fake", 2)]):
        fake = layer(ONES[:2], training=True)
    assert (joint.numpy() == tf.concat([real, fake], 0).numpy()).all()


def test_the_gradient_passes_where_the_input_did() -> None:
    layer = Dropout(0.5, "a")
    with scope(Draw(1, 0), "d", [("real", 64)]), tf.GradientTape() as tape:
        tape.watch(ONES)
        y = layer(ONES, training=True)
    assert (tape.gradient(y, ONES).numpy() == y.numpy()).all()


def test_in_a_notebook_it_is_kerass_dropout() -> None:
    layer = Dropout(0.5, "a", seed=1)
    first, second = (layer(ONES, training=True).numpy() for _ in range(2))
    assert (first != second).any()
    assert set(np.unique(first).tolist()) == {0.0, 2.0}


def test_it_survives_serialisation() -> None:
    again = keras.layers.deserialize(keras.layers.serialize(Dropout(0.3, "d/dropout_1")))
    assert (again.rate, again.stream) == (0.3, "d/dropout_1")
