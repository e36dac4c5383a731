from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import BatchNorm


def trained(kind: type, x: tf.Tensor, **options: object) -> list[np.ndarray]:
    """Outputs, gradients and variables after two steps in training."""
    layer = kind(epsilon=1e-4, momentum=0.9, **options)
    layer(x)
    layer.gamma.assign(np.linspace(0.5, 2, x.shape[-1]))
    layer.beta.assign(np.linspace(-1, 1, x.shape[-1]))
    for shift in (0.0, 3.0):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x + shift, training=True)
            loss = tf.reduce_sum(tf.sin(y))
        gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
    inference = layer(x, training=False)
    return [np.asarray(v) for v in (y, *gradients, inference, *layer.variables)]


@pytest.mark.parametrize("shape", [(7, 3), (4, 5, 6, 3), (4, 5, 3)])
def test_equal_to_keras(shape: tuple[int, ...]) -> None:
    x = tf.constant(np.random.default_rng(0).normal(2, 3, shape), tf.float32)
    expected = trained(keras.layers.BatchNormalization, x)
    for ours, theirs in zip(trained(BatchNorm, x), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"scale": False}, {"center": False}, {"scale": False, "center": False}, {"axis": 1}],
)
def test_with_other_options_it_is_kerass_too(options: dict[str, object]) -> None:
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 4, 4, 2)), tf.float32)
    theirs = keras.layers.BatchNormalization(**options)(x, training=True)
    np.testing.assert_allclose(BatchNorm(**options)(x, training=True), theirs, atol=1e-6)


@pytest.mark.parametrize("shape", [(7, 3), (2, 4, 4, 3)])
def test_second_derivatives(shape: tuple[int, ...]) -> None:
    """A gradient penalty differentiates twice."""

    def penalty(kind: type) -> np.ndarray:
        x = tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)
        layer = kind(epsilon=1e-3)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.sin(layer(x, training=True)))
            squared = tf.reduce_sum(tf.square(inner.gradient(y, x)))
        return outer.gradient(squared, x).numpy()

    expected = penalty(keras.layers.BatchNormalization)
    np.testing.assert_allclose(penalty(BatchNorm), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy: str) -> None:
    x = tf.constant(np.random.default_rng(2).normal(size=(64, 5)), tf.float32)
    y = BatchNorm(dtype=policy)(x, training=True)
    assert y.dtype.name == policy[6:]
    np.testing.assert_allclose(tf.reduce_mean(tf.cast(y, tf.float32), 0), np.zeros(5), atol=0.02)
