"""The auto-encoder: what it returns, how deep it is, and its energy."""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_ebgan.autoencoder import autoencoder
from advnets_ebgan.energy import euclidean_norm

from advnets.data import Field
from advnets.networks import BatchNorm, NetworkContext, mixes_examples

CONTEXT = NetworkContext("discriminator", (4, 4, 1), seed=3)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (6, 4, 4, 1)).astype("float32")


def layers(model: keras.Model, kind: type) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, kind)]


def test_the_energy_is_the_unsquared_distance_to_the_reconstruction() -> None:
    said = autoencoder(CONTEXT, encoder=[8, 5])(IMAGES)
    difference = (said["reconstruction"].numpy() - IMAGES).reshape(6, -1).astype("float64")
    np.testing.assert_allclose(said["energy"], np.sqrt((difference**2).sum(axis=1)), rtol=1e-5)
    assert said["features"].shape == (6, 5)
    assert said["energy"].dtype == tf.float32


def test_a_decoder_of_zeros_leaves_the_norm_of_the_image() -> None:
    model = autoencoder(CONTEXT, encoder=[8])
    model.get_layer("decoder").set_weights([np.zeros((8, 16)), np.zeros(16)])
    ones = np.ones((1, 4, 4, 1), "float32")
    assert model(ones)["energy"].numpy() == [4.0]  # √16, not 16, and not 1


def test_the_gradient_is_finite_where_the_reconstruction_is_perfect() -> None:
    x = tf.constant([[0.0, 0.0], [3.0, 4.0], [1e-30, 0.0]])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            norm = euclidean_norm(x)
        gradient = tape.gradient(norm, x)
    np.testing.assert_allclose(gradient, [[0, 0], [0.6, 0.8], [0, 0]], rtol=1e-6)
    assert np.isfinite(outer.gradient(gradient, x)).all()


@pytest.mark.parametrize("encoder", [[8], [8, 6], [8, 6, 5, 4]])
def test_the_decoder_is_one_layer_however_deep_the_encoder(encoder: list[int]) -> None:
    model = autoencoder(CONTEXT, encoder=encoder, batch_norm="none")
    sizes = [16, *encoder, 16]
    assert len(layers(model, keras.layers.Dense)) == len(encoder) + 1
    assert model.count_params() == sum(a * b + b for a, b in pairwise(sizes))
    assert model(IMAGES)["features"].shape == (6, encoder[-1])


@pytest.mark.parametrize(
    ("where", "normalised"),
    [
        ("none", []),
        ("encoder", ["encoder_1_norm", "encoder_2_norm"]),
        ("all", ["encoder_1_norm", "encoder_2_norm", "decoder_norm"]),
    ],
)
def test_batch_norm_everywhere_but_at_the_input(where: str, normalised: list[str]) -> None:
    model = autoencoder(CONTEXT, encoder=[8, 8, 8], batch_norm=where)
    assert layers(model, BatchNorm) == normalised
    # Real and generated examples then go through D as batches of their own.
    x = tf.random.stateless_uniform([4, 4, 4, 1], [1, 2])
    assert mixes_examples(model, x, 1 + 5 * x**2) == bool(normalised)


def test_starts_from_the_given_deviation_and_the_seed() -> None:
    wide = NetworkContext("discriminator", (100,), seed=3)
    kernels = [
        autoencoder(wide, encoder=[100], stddev=0.002).get_layer(name).kernel.numpy()
        for name in ("encoder_0", "decoder")
    ]
    for kernel in kernels:
        assert kernel.std() == pytest.approx(0.002, rel=0.05)
    assert (kernels[0] != kernels[1]).any()


def test_dropout_changes_what_is_trained_only() -> None:
    model = autoencoder(CONTEXT, encoder=[8, 8], dropout=0.5, batch_norm="none")
    quiet = model(IMAGES)["features"].numpy()
    np.testing.assert_array_equal(model(IMAGES)["features"], quiet)
    assert (model(IMAGES, training=True)["features"].numpy() != quiet).any()


def test_it_rebuilds_the_example_by_what_it_is_told() -> None:
    label = Field((), "int64", classes=10)
    model = autoencoder(
        NetworkContext("discriminator", (4, 4, 1), given={"label": label}), encoder=[8]
    )
    assert model.count_params() == (16 + 10) * 8 + 8 + 8 * 16 + 16
    said = model({"example": IMAGES, "label": np.arange(6)})
    assert said["reconstruction"].shape == IMAGES.shape
