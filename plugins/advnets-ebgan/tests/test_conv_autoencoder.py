"""The convolutional auto-encoder: its layers, its energy, its heads, and what it refuses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_ebgan.autoencoder import autoencoder
from advnets_ebgan.conv_autoencoder import conv_autoencoder

from advnets.data import Field
from advnets.errors import RecipeError, UsageError
from advnets.networks import BatchNorm, NetworkContext, mixes_examples
from advnets.recipe import load_recipe

LABEL = Field((), "int64", classes=10)
CONTEXT = NetworkContext("discriminator", (8, 4, 2), seed=3, fields={"label": LABEL})
IMAGES = np.random.default_rng(0).uniform(-1, 1, (6, 8, 4, 2)).astype("float32")


def layers(model: keras.Model, kind: type) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, kind)]


def test_the_papers_networks() -> None:
    model = conv_autoencoder(NetworkContext("discriminator", (64, 64, 3)))
    down = [model.get_layer(f"encoder_{i}").output.shape[1:] for i in range(3)]
    up = [model.get_layer(name).output.shape[1:] for name in ("decoder_0", "decoder_1")]
    assert down == [(32, 32, 64), (16, 16, 128), (8, 8, 256)]
    assert up == [(16, 16, 128), (32, 32, 64)]
    assert model.output["reconstruction"].shape == (None, 64, 64, 3)
    assert model.get_layer("encoder_0").kernel_size == (4, 4)
    names = ["encoder_1_norm", "encoder_2_norm", "decoder_0_norm", "decoder_1_norm"]
    assert layers(model, BatchNorm) == names


def test_the_energy_is_the_unsquared_distance_to_the_reconstruction() -> None:
    said = conv_autoencoder(CONTEXT, channels=[3, 5])(IMAGES)
    difference = (said["reconstruction"].numpy() - IMAGES).reshape(6, -1).astype("float64")
    np.testing.assert_allclose(said["energy"], np.sqrt((difference**2).sum(axis=1)), rtol=1e-5)
    assert said["features"].shape == (6, 2 * 1 * 5)


def test_a_decoder_of_zeros_leaves_the_norm_of_the_image() -> None:
    model = conv_autoencoder(CONTEXT, channels=[3])
    last = model.get_layer("reconstruction")
    last.set_weights([np.zeros_like(weights) for weights in last.get_weights()])
    energy = model(np.ones((1, 8, 4, 2), "float32"))["energy"].numpy()
    np.testing.assert_allclose(energy, [8.0])  # √64, not 64, and not 1


def test_weights_start_from_the_deviation_and_the_seed() -> None:
    wide = NetworkContext("discriminator", (8, 8, 3), seed=3)
    kernels = [
        conv_autoencoder(wide, channels=[40, 60], stddev=0.05).get_layer(name).kernel.numpy()
        for name in ("encoder_1", "decoder_0")
    ]
    for kernel in kernels:
        assert kernel.std() == pytest.approx(0.05, rel=0.05)
    assert (kernels[0].ravel() != kernels[1].ravel()).any()


@pytest.mark.parametrize("batch_norm", [False, True])
def test_batch_norm_mixes_examples(batch_norm: bool) -> None:
    model = conv_autoencoder(CONTEXT, channels=[3, 5], batch_norm=batch_norm)
    x = tf.random.stateless_uniform([4, 8, 4, 2], [1, 2])
    assert mixes_examples(model, x, 1 + 5 * x**2) == batch_norm


def test_a_gradient_penalty_reaches_every_kernel() -> None:
    """As of R1: d/dw ‖∇ₓ E(x)‖², here against a difference quotient along one kernel."""
    model = conv_autoencoder(CONTEXT, channels=[3, 5], batch_norm=False, stddev=0.5)
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    x = tf.constant(IMAGES)

    def penalty() -> tf.Tensor:
        with tf.GradientTape() as inner:
            inner.watch(x)
            energy = tf.reduce_sum(model(x)["energy"])
        return tf.reduce_sum(tf.square(inner.gradient(energy, x)))

    with tf.GradientTape() as tape:
        value = penalty()
    slopes = tape.gradient(value, kernels)
    assert all(np.isfinite(slope).all() and np.any(slope) for slope in slopes)
    step = 1e-3 * tf.sign(slopes[-1])
    kernels[-1].assign_add(step)
    above = penalty()
    kernels[-1].assign_sub(2 * step)
    slope = float(above - penalty()) / 2e-3
    assert slope == pytest.approx(float(tf.reduce_sum(tf.abs(slopes[-1]))), rel=0.02)


@pytest.mark.parametrize(
    ("make", "options"), [(autoencoder, {"encoder": [7]}), (conv_autoencoder, {"channels": [3]})]
)
def test_heads_are_linear_in_the_code(make: Any, options: dict[str, Any]) -> None:
    model = make(CONTEXT, heads={"class_logits": "label", "code": [2, 3], "one": 1}, **options)
    said = model(IMAGES)
    assert {name: tuple(said[name].shape) for name in ("class_logits", "code", "one")} == {
        "class_logits": (6, 10),
        "code": (6, 2, 3),
        "one": (6, 1),
    }
    kernel, bias = model.get_layer("head_class_logits").get_weights()
    expected = said["features"].numpy() @ kernel + bias
    np.testing.assert_allclose(said["class_logits"], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="is to say 'digit', which is no field; there are label"):
        make(CONTEXT, heads={"class_logits": "digit"}, **options)


def test_it_rebuilds_the_image_by_what_it_is_told() -> None:
    told = {"label": LABEL, "mask": Field((8, 4, 1), "float32")}
    model = conv_autoencoder(
        NetworkContext("discriminator", (8, 4, 2), given=told), channels=[3], batch_norm=False
    )
    assert model.get_layer("encoder_0").kernel.shape == (4, 4, 2 + 10 + 1, 3)
    said = model({"example": IMAGES, "label": np.arange(6), "mask": IMAGES[..., :1]})
    assert said["reconstruction"].shape == IMAGES.shape


def test_points_and_images_that_cannot_be_halved_are_refused() -> None:
    with pytest.raises(UsageError, match=r"needs images .* the data's shape is \(2,\)"):
        conv_autoencoder(NetworkContext("discriminator", (2,)))
    with pytest.raises(UsageError, match=r"multiples of 8; these images have 28×28 pixels"):
        conv_autoencoder(NetworkContext("discriminator", (28, 28, 1)))


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("conv_autoencoder", {"channels": []}, "channels"),
        ("conv_autoencoder", {"channels": [0]}, "channels"),
        ("conv_autoencoder", {"kernel": 0}, "kernel"),
        ("conv_autoencoder", {"slope": -1}, "slope"),
        ("conv_autoencoder", {"heads": {"energy": 3}}, "says that itself"),
        ("autoencoder", {"heads": {"class logits": 3}}, "letters, digits"),
        ("autoencoder", {"heads": {"class_logits": 0}}, "heads"),
    ],
)
def test_bad_parameters_are_refused(name: str, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_recipe("ebgan_mnist", {"discriminator": {"name": name, **changed}})
