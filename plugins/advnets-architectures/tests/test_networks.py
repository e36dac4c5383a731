"""Residual networks and DCGAN: their shapes for many sizes, what they are told, and R1 on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.conditional_batch_norm import ConditionalBatchNorm
from advnets_architectures.r3gan import r3gan
from advnets_architectures.resnet import resnet
from advnets_architectures.spectral import spectral

from advnets.data import Field
from advnets.errors import UsageError
from advnets.networks import BatchNorm, NetworkContext

SMALL: dict[Callable[..., keras.Model], dict[str, Any]] = {
    resnet: {"channels": 8},
    r3gan: {"channels": 4, "groups": 2},
}
LABEL = {"label": Field((), "int64", classes=3)}


def context_of(role: str, shape: tuple[int, ...] = (8, 8, 1), **options: Any) -> NetworkContext:
    if role == "generator":
        return NetworkContext("generator", (5,), shape, seed=1, **options)
    outputs = () if role == "discriminator" else (2, 3)
    return NetworkContext(role, shape, outputs, seed=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", SMALL)
@pytest.mark.parametrize(
    ("shape", "smallest"),
    [
        ((8, 8, 1), (4, 4)),
        ((28, 28, 1), (7, 7)),
        ((16, 32, 3), (4, 8)),
        ((64, 64, 4), (4, 4)),
        ((6, 6, 2), (3, 3)),
    ],
)
def test_sizes(
    make: Callable[..., keras.Model], shape: tuple[int, ...], smallest: tuple[int, int]
) -> None:
    generator = make(context_of("generator", shape), **SMALL[make])
    assert generator.get_layer("map").output.shape[1:3] == smallest
    x = generator(tf.ones([3, 5]))
    assert x.shape == (3, *shape)
    discriminator = make(context_of("discriminator", shape), **SMALL[make])
    assert discriminator(x).shape == (3,)
    assert make(context_of("encoder", shape), **SMALL[make])(x).shape == (3, 2, 3)


def test_channels_of_each_stage() -> None:
    channels = [2, 4, 8]
    generator = resnet(context_of("generator", (32, 32, 3)), channels=channels)
    discriminator = resnet(context_of("discriminator", (32, 32, 3)), channels=channels)
    made = [generator.get_layer(f"block_{i}").output.shape[1:] for i in range(3)]
    judged = [discriminator.get_layer(f"block_{i}").output.shape[1:] for i in range(4)]
    assert made == [(8, 8, 8), (16, 16, 4), (32, 32, 2)]
    assert judged == [(16, 16, 2), (8, 8, 4), (4, 4, 8), (4, 4, 8)]


def test_the_papers_networks_for_32_pixels() -> None:
    """Miyato et al. 2018: of this size in the authors' code."""
    generator = resnet(NetworkContext("generator", (128,), (32, 32, 3)), channels=256)
    convolutions = 6 * (9 * 256 + 1) * 256 + 3 * (256 + 1) * 256
    norms = 7 * 2 * 256 + 7 * 2 * 256  # β and γ, and averages
    ends = (128 + 1) * 16 * 256 + (9 * 256 + 1) * 3
    assert generator.count_params() == convolutions + norms + ends
    context = NetworkContext("discriminator", (32, 32, 3))
    discriminator = resnet(context, channels=128, stages=2, plain=2)
    convolutions = (9 * 3 + 1) * 128 + 7 * (9 * 128 + 1) * 128 + (3 + 1) * 128 + (128 + 1) * 128
    assert discriminator.count_params() == convolutions + 129


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "group", "pixel", "none"])
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_norms(norm: str, role: str) -> None:
    """Only the batch's lets examples influence each other."""
    model = resnet(context_of(role), channels=8, norm=norm, groups=4)
    draw = np.random.default_rng(0)
    x = tf.constant(draw.normal(size=(6, *model.input_shape[1:])), tf.float32)
    alone = tf.concat([model(x[:3], training=True), model(x[3:], training=True)], 0)
    assert np.allclose(alone, model(x, training=True), atol=1e-5) is (norm != "batch")
    if norm == "layer":
        normal = keras.Model(model.input, model.get_layer("block_0_norm_1").output)(x)
        np.testing.assert_allclose(tf.reduce_mean(normal, (1, 2, 3)), np.zeros(6), atol=1e-4)
    if norm == "instance":
        normal = keras.Model(model.input, model.get_layer("block_0_norm_1").output)(x)
        np.testing.assert_allclose(tf.reduce_mean(normal, (1, 2)), np.zeros((6, 8)), atol=1e-4)


def test_a_generator_has_gains_of_the_classes_that_it_is_told() -> None:
    given = {**LABEL, "numbers": Field((2,), "float32")}
    model = resnet(context_of("generator", given=given), channels=4)
    kinds = [type(layer) for layer in model.layers]
    assert kinds.count(ConditionalBatchNorm) == 2
    assert kinds.count(BatchNorm) == 1  # before the image
    assert model.get_layer("dense").kernel.shape[0] == 5 + 2
    plain = resnet(context_of("generator", given=given), channels=4, conditional=False)
    assert not any(isinstance(layer, ConditionalBatchNorm) for layer in plain.layers)
    assert plain.get_layer("dense").kernel.shape[0] == 5 + 2 + 3
    for norm in ("layer", "none"):
        other = resnet(context_of("generator", given=given), channels=4, norm=norm)
        assert other.get_layer("dense").kernel.shape[0] == 5 + 2 + 3


def test_several_classes_each_have_gains() -> None:
    given = {**LABEL, "other": Field((2,), "int64", classes=4), "more": Field((2, 2), "float32")}
    model = resnet(context_of("generator", given=given), channels=4)
    assert model.get_layer("block_0_norm_0").gain.shape == (3 + 2 * 4, 4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stages": 4}, "halves images 4 times"),
        ({"channels": [4, 8]}, r"2 numbers of channels, \[4, 8\]; for images of this size it ta"),
        ({"attention": 5}, "attend at maps of 5 pixels; its blocks give maps of 4"),
        ({"norm": "group", "groups": 3}, "8 channels are not to be divided into 3 groups"),
    ],
)
def test_what_does_not_fit_the_data(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        resnet(context_of("discriminator"), **{"channels": 8, **options})
    with pytest.raises(UsageError, match="do not divide the 6 channels within"):
        r3gan(context_of("discriminator"), channels=3, groups=4)
    for make in SMALL:
        with pytest.raises(UsageError, match="needs images"):
            make(context_of("discriminator", (3,)))


def test_a_last_map_of_several_examples() -> None:
    model = resnet(context_of("discriminator"), channels=4, minibatch_stddev=True, stddev_group=2)
    x = tf.constant(np.random.default_rng(0).normal(size=(4, 8, 8, 1)), tf.float32)
    alike = tf.repeat(x[:1], 2, axis=0)
    assert not np.allclose(model(tf.concat([x[:1], x[1:2]], 0))[0], model(alike)[0])
    np.testing.assert_allclose(model(x)[2:], model(x[2:]), rtol=1e-4)


def test_r3gan_begins_as_a_network_of_no_blocks() -> None:
    """x + f(x) with f = 0; and f's kernels are as small as the number of blocks asks for."""
    context = context_of("discriminator")
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 8, 8, 1)), tf.float32)
    none, many = (r3gan(context, channels=16, blocks=n) for n in (0, 2))
    np.testing.assert_allclose(many(x), none(x), rtol=1e-4, atol=1e-6)
    inner = np.asarray(many.get_layer("block_1_1_groups").kernel)
    assert inner.shape == (3, 3, 8, 32)
    variance = 2 / 1.04 / np.sqrt(4) / (9 * 8)
    assert inner.var() == pytest.approx(variance, rel=0.1)


DISCRIMINATORS: dict[str, Callable[[NetworkContext], keras.Model]] = {
    "resnet": lambda context: resnet(context, channels=8, attention=4, minibatch_stddev=True),
    **{
        norm: lambda context, norm=norm: resnet(context, channels=8, norm=norm, groups=4)
        for norm in ("batch", "layer", "instance", "group", "pixel")
    },
    "r3gan": lambda context: r3gan(context, channels=4),
    "spectral": lambda context: spectral(
        context, network=lambda inner: resnet(inner, channels=8, attention=4)
    ),
}


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_r1_moves_every_kernel(name: str) -> None:
    """The gradient of ½ ‖∇D(x)‖² in a graph, on a CPU as well: finite, and none is lacking.

    Against differences it is held layer by layer: with ReLUs it jumps.
    """
    model = DISCRIMINATORS[name](context_of("discriminator"))
    draw = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(draw.normal(0, 0.05, weight.shape))
    x = tf.constant(draw.normal(size=(6, 8, 8, 1)), tf.float32)
    kernels = [weight for weight in model.trainable_variables if "kernel" in weight.path]

    @tf.function
    def gradients() -> list[tf.Tensor]:
        values = [weight.value for weight in kernels]
        with tf.GradientTape() as outer:
            outer.watch(values)
            with tf.GradientTape() as inner:
                inner.watch(x)
                total = tf.reduce_sum(model(x, training=True))
            penalty = tf.reduce_sum(inner.gradient(total, x) ** 2) / 2
        return outer.gradient(penalty, values)

    for gradient in gradients():
        assert np.isfinite(gradient).all()
        assert np.any(gradient)
