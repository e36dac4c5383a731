"""Packs by hand, of batches of any size, and what their discriminator is told."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.pac import pac
from advnets_architectures.packing import Pack, Unpack

from advnets.data import Field
from advnets.game import AdversarialGame, Uniform
from advnets.networks import NetworkContext


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_what_packing_sees(n: int) -> None:
    """Two by two, along the channels; a last one alone is joined by the first."""
    x = np.arange(n * 4, dtype="float32").reshape(n, 2, 2)  # [length, channels]
    pairs = [(i, (i + 1) % n) for i in range(0, n, 2)]
    expected = [np.concatenate([x[i], x[j]], axis=-1) for i, j in pairs]
    np.testing.assert_array_equal(Pack(2)(x), expected)
    said = np.arange(len(pairs), dtype="float32")
    np.testing.assert_array_equal(Unpack(2)([said, x]), np.arange(n) // 2)
    np.testing.assert_array_equal(Pack(2)(np.arange(n)), pairs)


def of_sums(context: NetworkContext) -> keras.Model:
    """D of the sum of all that it takes, with weights of its own for each member of a pack."""
    inputs = context.inputs()
    return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))


def test_the_mean_over_examples_is_that_over_packs() -> None:
    model = pac(NetworkContext("discriminator", (2,)), network=of_sums, m=3)
    x = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    (inner,) = (each for each in model.layers if isinstance(each, keras.Model))
    packs = inner(x.reshape(2, 6))
    np.testing.assert_allclose(model(x), np.repeat(packs, 3, axis=0), rtol=1e-6)
    assert float(tf.reduce_mean(model(x))) == pytest.approx(float(np.mean(packs)), rel=1e-5)


def test_the_gradient_of_an_example_is_m_times_its_packs() -> None:
    model = pac(NetworkContext("discriminator", (2,)), network=of_sums, m=3)
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 2)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model(x))
    kernel = np.asarray(model.trainable_variables[0]).reshape(3, 2)
    np.testing.assert_allclose(tape.gradient(total, x), 3 * np.tile(kernel, (2, 1)), rtol=1e-5)


def test_labels_and_images_are_packed_too() -> None:
    given = {
        "label": Field((), "int64", classes=10),
        "picture": Field((4, 4, 1), "float32", kind="image"),
    }
    seen: dict[str, Any] = {}

    def spy(context: NetworkContext) -> keras.Model:
        seen.update(context.given, example=context.input_shape)
        return of_sums(context)

    pac(NetworkContext("discriminator", (4, 4, 3), given=given), network=spy, m=2)
    assert seen["example"] == (4, 4, 6)
    assert (seen["label"].shape, seen["label"].classes) == ((2,), 10)
    assert seen["picture"].shape == (4, 4, 2)


def test_it_plays_batches_that_no_pack_divides() -> None:
    discriminator = pac(NetworkContext("discriminator", (2,)), network=of_sums, m=3)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    game = AdversarialGame(generator, discriminator, prior=Uniform(3))
    assert game.joint == set()  # its packs hold examples of one side
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    for n in (1, 3, 4):
        logs = game.train_step(np.ones([n, 2], "float32"))
        assert np.isfinite(float(logs["d_loss"]))
