"""RMSprop with clipping: Keras's step, then a box."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_wgan.clipping import ClippedRMSprop


def test_a_step_by_hand() -> None:
    """v = 0.1 g², w ← w − lr g/√v = w − lr √10 sign(g), then the box."""
    weights = keras.Variable([0.0, 0.0, 0.5, -0.5])
    ClippedRMSprop(0.01, clip=0.1, rho=0.9).apply([tf.constant([1.0, -7.0, 1.0, 1.0])], [weights])
    step = 0.01 * np.sqrt(10)
    np.testing.assert_allclose(weights, [-step, step, 0.1, -0.1], rtol=1e-4)


def test_inside_the_box_it_is_rmsprop() -> None:
    random = np.random.default_rng(0)
    gradients = [tf.constant(random.normal(size=(3, 4)), tf.float32) for _ in range(5)]
    ours, keras_own = keras.Variable(np.zeros((3, 4))), keras.Variable(np.zeros((3, 4)))
    clipped, plain = ClippedRMSprop(1e-3, clip=100.0), keras.optimizers.RMSprop(1e-3)
    for gradient in gradients:
        clipped.apply([gradient], [ours])
        plain.apply([gradient], [keras_own])
    np.testing.assert_array_equal(ours, keras_own)
    assert np.abs(ours.numpy()).max() > 1e-3


def test_every_weight_is_clipped_biases_too() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu")])
    optimizer = ClippedRMSprop(1e-9, clip=0.01)
    for _ in range(2):
        for weight in model.trainable_variables:
            weight.assign(np.full(weight.shape, 0.7))
        gradients = [tf.ones(weight.shape) for weight in model.trainable_variables]
        optimizer.apply(gradients, model.trainable_variables)
        for weight in model.get_weights():
            np.testing.assert_array_equal(weight, np.full(weight.shape, np.float32(0.01)))


def test_survives_serialisation() -> None:
    optimizer = ClippedRMSprop(1e-4, clip=0.03, rho=0.8)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, ClippedRMSprop)
    assert again.clip == 0.03
    assert again.rho == pytest.approx(0.8)
