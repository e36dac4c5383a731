"""Spectral norms against singular value decompositions, and what counts as a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.spectral_norm import SpectralNorm, find_kernels

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("float32")


@pytest.mark.parametrize("iterations", [1, 5])
def test_it_is_what_the_decomposition_says(iterations: int) -> None:
    dense = keras.layers.Dense(4)
    layer, x = SpectralNorm(dense, iterations, seed=3), normal(5, 6)
    for _ in range(200 // iterations):
        said = layer(x, training=True)
    kernel = np.asarray(dense.kernel)
    expected = x @ kernel / np.linalg.svd(kernel, compute_uv=False)[0] + np.asarray(dense.bias)
    np.testing.assert_allclose(said, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_one_iteration_by_hand() -> None:
    dense = keras.layers.Dense(2, use_bias=False)
    layer = SpectralNorm(dense)
    layer.build((None, 2))
    w, u = np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([[3.0, 4.0]])
    dense.kernel.assign(w)
    layer.u[0].assign(u)
    layer(tf.eye(2))
    np.testing.assert_array_equal(layer.u[0], u)  # outside of training it rests
    said = layer(tf.eye(2), training=True)
    v = w @ u[0] / np.linalg.norm(w @ u[0])
    moved = w.T @ v / np.linalg.norm(w.T @ v)
    v = w @ moved / np.linalg.norm(w @ moved)
    np.testing.assert_allclose(layer.u[0], [moved], rtol=1e-5)
    np.testing.assert_allclose(said, w / (v @ w @ moved), rtol=1e-5)
    assert list(layer.spectral_norms().values()) == pytest.approx([v @ w @ moved])


def test_the_gradient_flows_through_the_norm() -> None:
    """Against finite differences of W/σ(W), u and v held."""
    dense = keras.layers.Dense(3, use_bias=False)
    layer, x = SpectralNorm(dense), normal(4, 5)
    layer(x, training=True)
    u = np.asarray(layer.u[0], "float64")
    w, kernel = np.asarray(dense.kernel, "float64"), dense.kernel
    v = u @ w.T / np.linalg.norm(u @ w.T)

    def loss(w: np.ndarray) -> float:
        return float(np.sum((x @ w / (v @ w @ u.T).item()) ** 2))

    with tf.GradientTape() as tape:
        squares = tf.reduce_sum(layer(x) ** 2)
    gradient = tape.gradient(squares, kernel.value)
    for i, j in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[i, j] = 1e-5
        slope = (loss(w + step) - loss(w - step)) / 2e-5
        assert float(gradient[i, j]) == pytest.approx(slope, rel=1e-3, abs=1e-3)


LAYERS: dict[str, tuple[Any, tuple[int, ...], Any]] = {
    "convolution": (
        keras.layers.Conv2D(4, 3),
        (6, 6, 2),
        lambda w: w.reshape(18, 4),
    ),
    "transposed": (
        keras.layers.Conv2DTranspose(4, 3),
        (6, 6, 2),
        lambda w: np.moveaxis(w, 2, 3).reshape(18, 4),
    ),
    "depthwise": (
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
        (6, 6, 2),
        lambda w: w.reshape(9, 4),
    ),
    "einsum": (
        keras.layers.EinsumDense("ab,bcd->acd", (4, 3)),
        (5,),
        lambda w: w.reshape(5, 12),
    ),
    "embedding": (keras.layers.Embedding(5, 3), (), lambda w: w),
}


@pytest.mark.parametrize("name", LAYERS)
def test_kernels_as_matrices(name: str) -> None:
    layer, shape, as_matrix = LAYERS[name]
    layer.build((None, *shape))
    (kernel,) = find_kernels(layer)
    w = np.asarray(kernel.variable)
    np.testing.assert_array_equal(kernel.as_matrix(tf.constant(w)), as_matrix(w))


def test_a_transposed_convolution_is_no_longer_than_a_convolution() -> None:
    """σ is of the kernel as a matrix from what a place takes to what it gives."""
    layer = SpectralNorm(keras.layers.Conv2DTranspose(3, 2, strides=2), iterations=100)
    x = normal(1, 2, 2, 4)
    layer(x, training=True)
    w = np.moveaxis(np.asarray(layer.layer.kernel), 2, 3).reshape(-1, 3)
    expected = np.linalg.svd(w, compute_uv=False)[0]
    assert list(layer.spectral_norms().values()) == pytest.approx([expected], rel=1e-4)


class Within(keras.layers.Layer):
    """A layer of one's own, with layers and a weight within."""

    def __init__(self, name_of_weight: str):
        super().__init__(name="within")
        self.dense, self.named = keras.layers.Dense(3, name="dense"), name_of_weight

    def build(self, input_shape: Any) -> None:
        self.dense.build(input_shape)
        self.own = self.add_weight(name=self.named, shape=(3, 2))

    def call(self, x: Any) -> Any:
        return self.dense(x) @ tf.convert_to_tensor(self.own)


def test_kernels_are_reached_wherever_they_are() -> None:
    layer, x = SpectralNorm(Within("my_kernel"), iterations=50), normal(6, 4)
    said = layer(x, training=True)
    one, two = (np.asarray(w) for w in (layer.layer.own, layer.layer.dense.kernel))
    norms = [np.linalg.svd(w, compute_uv=False)[0] for w in (one, two)]
    np.testing.assert_allclose(said, x @ two @ one / np.prod(norms), rtol=1e-3, atol=1e-4)


def test_a_weight_that_may_be_a_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="'within' has a weight 'w' of shape \\(3, 2\\), of which"):
        SpectralNorm(Within("w"))(normal(2, 4))
    with pytest.raises(ValueError, match="no kernel"):
        SpectralNorm(keras.layers.BatchNormalization())(normal(2, 4))


def test_what_moves_inside_moves() -> None:
    """Averages of a batch normalisation, as without the norms; u too."""
    x = keras.Input((4,))
    inner = keras.Model(x, keras.layers.BatchNormalization(momentum=0.5)(keras.layers.Dense(3)(x)))
    layer, examples = SpectralNorm(inner), normal(8, 4)
    layer(examples, training=True)
    norm = inner.layers[-1]
    dense = inner.layers[1]
    (sigma,) = layer.spectral_norms().values()
    expected = 0.5 * (examples @ np.asarray(dense.kernel) / sigma).mean(axis=0)
    np.testing.assert_allclose(norm.moving_mean, expected, rtol=1e-3, atol=1e-5)
    before = np.asarray(norm.moving_mean)
    layer(examples)
    np.testing.assert_array_equal(norm.moving_mean, before)


def test_an_averaged_u_gives_the_same_norm() -> None:
    layer = SpectralNorm(keras.layers.Dense(3), iterations=50)
    x = normal(2, 4)
    expected = layer(x, training=True)
    layer.u[0].assign(0.3 * layer.u[0])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_norms_are_found_in_float32(policy: str) -> None:
    x = normal(3, 4)
    exact = SpectralNorm(keras.layers.Dense(3, kernel_initializer="ones", dtype="float32"))
    half = SpectralNorm(keras.layers.Dense(3, kernel_initializer="ones", dtype=policy))
    for layer in (exact, half):
        said = layer(x, training=True)
    np.testing.assert_array_equal(half.u[0], exact.u[0])
    assert half.spectral_norms().popitem()[1] == exact.spectral_norms().popitem()[1]
    assert said.dtype.name == policy[6:]


def test_saved_and_loaded(tmp_path: Path) -> None:
    inputs = keras.Input((4, 4, 2))
    x = SpectralNorm(keras.layers.Conv2D(3, 3), seed=5, name="one")(inputs)
    inner = keras.Sequential(
        [keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model = keras.Model(inputs, SpectralNorm(inner, iterations=2, name="two")(x))
    examples = normal(3, 4, 4, 2)
    model(examples, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(examples), model(examples))
    np.testing.assert_array_equal(loaded(examples, training=True), model(examples, training=True))
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
