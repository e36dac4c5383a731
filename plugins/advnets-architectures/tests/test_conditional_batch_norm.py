"""Gains and shifts of classes, by hand and against one normalisation for each class."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.conditional_batch_norm import ConditionalBatchNorm

X = tf.constant(np.random.default_rng(0).normal(2, 3, (6, 4, 5, 3)), tf.float32)
LABELS = tf.constant([0, 2, 1, 1, 2, 2])


def layer_of(condition: tf.Tensor, **options: object) -> ConditionalBatchNorm:
    layer = ConditionalBatchNorm(epsilon=1e-4, **options)
    layer([X, condition])
    draw = np.random.default_rng(1)
    for weight in (layer.gain, layer.shift):
        weight.assign(draw.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("training", [True, False])
def test_each_class_has_its_own(training: bool) -> None:
    layer = layer_of(LABELS, classes=3)
    plain = keras.layers.BatchNormalization(center=False, scale=False, epsilon=1e-4)
    normal = plain(X, training=training)
    said = layer([X, LABELS], training=training)
    gain, shift = (np.asarray(w)[LABELS][:, None, None] for w in (layer.gain, layer.shift))
    np.testing.assert_allclose(said, normal * (1 + gain) + shift, atol=1e-5)


def test_at_first_it_is_the_plain_one() -> None:
    said = ConditionalBatchNorm(3, epsilon=1e-4)([X, LABELS], training=True)
    plain = keras.layers.BatchNormalization(epsilon=1e-4)(X, training=True)
    np.testing.assert_allclose(said, plain, atol=1e-5)


def test_one_hot_vectors_say_the_same() -> None:
    one_hot = tf.one_hot(LABELS, 3)
    by_class, by_vector = layer_of(LABELS, classes=3), layer_of(one_hot)
    expected = by_class([X, LABELS], training=True)
    np.testing.assert_allclose(by_vector([X, one_hot], training=True), expected, atol=1e-6)
    between = by_vector([X, one_hot / 2], training=True)
    at_zero = by_vector([X, tf.zeros_like(one_hot)], training=True)
    np.testing.assert_allclose(between, (expected + at_zero) / 2, atol=1e-5)


def test_vectors_too() -> None:
    x = X[:, 0, 0]
    said = ConditionalBatchNorm(3)([x, LABELS], training=True)
    np.testing.assert_allclose(tf.reduce_mean(said, 0), np.zeros(3), atol=1e-5)


def test_averages_move_in_training_alone() -> None:
    layer = ConditionalBatchNorm(3, momentum=0.75)
    layer([X, LABELS], training=False)
    np.testing.assert_array_equal(layer.norm.moving_mean, np.zeros(3))
    layer([X, LABELS], training=True)
    expected = 0.25 * np.mean(X, axis=(0, 1, 2))
    np.testing.assert_allclose(layer.norm.moving_mean, expected, rtol=1e-4)


@pytest.mark.parametrize("condition", [LABELS, tf.zeros([6, 2, 2])], ids=["no classes", "maps"])
def test_what_it_cannot_take(condition: tf.Tensor) -> None:
    with pytest.raises(ValueError, match="integers \\[N\\] with classes"):
        ConditionalBatchNorm()([X, condition])


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_saved_and_loaded(policy: str, tmp_path: Path) -> None:
    inputs = keras.Input((4, 5, 3)), keras.Input((), dtype="int64")
    layer = ConditionalBatchNorm(3, synchronized=True, momentum=0.5, epsilon=1e-3, dtype=policy)
    model = keras.Model(inputs, layer(list(inputs)))
    layer.gain.assign(np.random.default_rng(1).normal(size=(3, 3)))
    model([X, LABELS], training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded([X, LABELS]), model([X, LABELS]))
    assert loaded.layers[-1].get_config() == layer.get_config()
