"""Layers by hand, and against Keras's own."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.bilinear import BilinearDoubling
from advnets_architectures.grouped_conv import GroupedConv
from advnets_architectures.minibatch_stddev import MinibatchStddev
from advnets_architectures.pixel_norm import PixelNorm
from advnets_architectures.r3gan import LearntMap
from advnets_architectures.self_attention import SelfAttention

X = tf.constant(np.random.default_rng(0).normal(size=(6, 4, 6, 8)), tf.float32)
LAYERS = {
    "bilinear": BilinearDoubling,
    "grouped": lambda: GroupedConv(4, 3, groups=2),
    "stddev": lambda: MinibatchStddev(3),
    "pixel": PixelNorm,
    "attention": lambda: SelfAttention((1, 2, 3, 4)),
    "layer": lambda: keras.layers.GroupNormalization(1, epsilon=1e-5),
    "instance": lambda: keras.layers.GroupNormalization(8, epsilon=1e-5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    inputs = keras.Input((4, 6, 8))
    model = keras.Model(inputs, LAYERS[name]()(inputs))
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    assert tuple(model.output_shape[1:]) == model(X).shape[1:]


@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_exist(name: str) -> None:
    """A gradient penalty differentiates twice, in a graph as in a round."""
    layer = LAYERS[name]()
    layer(X)
    for weight in layer.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    project = tf.constant(np.random.default_rng(2).normal(size=layer(X).shape), tf.float32)

    def penalty(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.sin(layer(x)) * project)
        return tf.reduce_sum(tape.gradient(total, x) ** 2)

    @tf.function
    def slope(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = penalty(x)
        return tape.gradient(value, x)

    direction = tf.constant(np.random.default_rng(3).normal(size=X.shape), tf.float32)
    step = 1e-3
    numeric = (penalty(X + step * direction) - penalty(X - step * direction)) / (2 * step)
    found = float(tf.reduce_sum(slope(X) * direction))
    assert found == pytest.approx(float(numeric), rel=2e-2, abs=1e-2 * abs(float(penalty(X))))


def test_bilinear_doubling_is_tensorflows() -> None:
    expected = tf.image.resize(X, (8, 12), "bilinear")
    np.testing.assert_allclose(BilinearDoubling()(X), expected, atol=1e-6)


def test_grouped_convolution_is_kerass() -> None:
    ours, theirs = GroupedConv(4, 3, groups=2), keras.layers.Conv2D(4, 3, padding="same", groups=2)
    ours(X)
    theirs(X)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(X), theirs(X), atol=1e-5)


@pytest.mark.parametrize(("filters", "groups"), [(4, 3), (5, 2)])
def test_groups_divide_channels(filters: int, groups: int) -> None:
    with pytest.raises(ValueError, match=f"{groups} groups do not divide 8 channels"):
        GroupedConv(filters, 3, groups)(X)


def test_pixels_have_length_one() -> None:
    normal = PixelNorm()(100 * X)
    np.testing.assert_allclose(tf.reduce_mean(normal**2, -1), np.ones((6, 4, 6)), rtol=1e-5)
    np.testing.assert_array_equal(PixelNorm()(tf.zeros_like(X)), np.zeros(X.shape))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_deviations_of_groups(n: int) -> None:
    """By NumPy, of the group that each example is in; the last one filled from the beginning."""
    said = np.asarray(MinibatchStddev(3)(X[:n]))
    x = np.asarray(X)
    for i in range(n):
        group = x[[j % n for j in range(i // 3 * 3, i // 3 * 3 + 3)]]
        expected = np.sqrt(group.var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(said[i, ..., -1], expected, rtol=1e-4)
    np.testing.assert_array_equal(said[..., :-1], x[:n])


def test_whole_groups_are_the_same_on_replicas() -> None:
    layer = MinibatchStddev(3)
    shares = [layer(X[:3]), layer(X[3:])]
    np.testing.assert_allclose(tf.concat(shares, 0), layer(X), rtol=1e-6)


def test_attention_by_hand() -> None:
    """y_j = γ V Σ_i softmax_i((F x_i)·(G x_j)) H x_i + x_j, place by place."""
    layer = SelfAttention((1, 2, 3, 4))
    np.testing.assert_array_equal(layer(X), X)  # γ starts at 0
    layer.gamma.assign(0.5)
    f, g, h, v = (np.asarray(layer.weights[i], "float64") for i in range(4))
    places = np.asarray(X, "float64").reshape(6, 24, 8)
    expected = np.empty_like(places)
    for n, j in np.ndindex(6, 24):
        scores = np.exp([(x @ f) @ (places[n, j] @ g) for x in places[n]])
        weights = scores / scores.sum()
        found = sum(w * (x @ h) for w, x in zip(weights, places[n], strict=True)) @ v
        expected[n, j] = 0.5 * found + places[n, j]
    np.testing.assert_allclose(layer(X), expected.reshape(X.shape), rtol=1e-4, atol=1e-5)


def test_a_learnt_map_is_of_each_channel() -> None:
    layer, x = LearntMap((2, 3), seed=1), tf.constant([[2.0, 3.0]])
    said = layer(x)
    np.testing.assert_allclose(said[0], np.asarray(layer.gain) * [2.0, 3.0], rtol=1e-6)
