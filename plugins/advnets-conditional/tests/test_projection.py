"""The projection discriminator against its formula, and what it refuses."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_conditional.projection import projection

from advnets.data import Field
from advnets.errors import UsageError
from advnets.networks import NetworkContext

LABEL, SHADE = Field((), "int64", classes=3), Field((), "int64", classes=2)
NUMBERS = Field((2,), "float32")


def context(shape: tuple[int, ...] = (4,), **given: Field) -> NetworkContext:
    return NetworkContext("discriminator", shape, seed=1, given=given, fields=given)


def weights(model: keras.Model, name: str) -> np.ndarray:
    return np.asarray(model.get_layer(name).kernel)


def linear(own: NetworkContext) -> keras.Model:
    """ψ(x) = Σ x and φ(x) = x, told numbers that it adds."""
    inputs = own.inputs()
    joined = own.joined(inputs)
    ends = {"logits": keras.ops.sum(joined, axis=-1, keepdims=True), "features": joined}
    return own.model(inputs, ends)


def test_the_logit_is_that_of_x_and_the_class_as_seen_in_the_features() -> None:
    model = projection(context(label=LABEL), network=linear)
    x, label = np.arange(8, dtype="float32").reshape(2, 4), np.array([2, 0])
    said = model({"example": x, "label": label})
    matrix = weights(model, "projection_label")
    assert matrix.shape == (3, 4)
    expected = x.sum(1) + (matrix[label] * x).sum(1)
    np.testing.assert_allclose(said["logits"], expected, rtol=1e-6)


def test_several_classes_are_added_up_and_numbers_are_told_the_network_within() -> None:
    model = projection(context(label=LABEL, shade=SHADE, told=NUMBERS), network=linear)
    x, told = np.ones((1, 4), "float32"), np.array([[5.0, 7.0]], "float32")
    inputs = {"example": x, "label": np.array([1]), "shade": np.array([0]), "told": told}
    seen = np.concatenate([x, told], axis=1)
    rows = [weights(model, "projection_label")[1], weights(model, "projection_shade")[0]]
    expected = seen.sum() + sum(float(row @ seen[0]) for row in rows)
    np.testing.assert_allclose(model(inputs)["logits"], [expected], rtol=1e-6)


def test_what_is_not_projected_on_the_network_within_is_told() -> None:
    model = projection(context(label=LABEL, shade=SHADE), network=linear, fields=["label"])
    inputs = {"example": np.ones((1, 4), "float32"), "label": np.array([1])}
    one, other = (model({**inputs, "shade": np.array([k])})["features"][0] for k in (0, 1))
    assert np.asarray(one)[4:].tolist() == [1.0, 0.0]
    assert np.asarray(other)[4:].tolist() == [0.0, 1.0]


def test_words_of_the_network_within_are_handed_on() -> None:
    def wordy(own: NetworkContext) -> keras.Model:
        inner = linear(own)
        said = {**inner.output, "class_logits": own.dense(3, "head")(inner.output["features"])}
        return own.model({"example": inner.input}, said)

    said = projection(context(label=LABEL), network=wordy).output
    assert sorted(said) == ["class_logits", "features", "logits"]
    assert said["logits"].shape == (None,)


def test_its_own_layers_are_seeded_by_name() -> None:
    one, same = (projection(context((2, 2, 1), label=LABEL), layers=[5]) for _ in range(2))
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.count_params() == (4 + 1) * 5 + 5 + 1 + 3 * 5


def test_maps_are_flattened() -> None:
    def maps(own: NetworkContext) -> keras.Model:
        inputs = own.inputs()
        return own.model(inputs, {"logits": own.dense(1, "d")(own.joined(inputs)),
                                  "features": inputs["example"]})  # fmt: skip

    model = projection(context((2, 2, 3), label=LABEL), network=maps)
    assert weights(model, "projection_label").shape == (3, 12)


def test_the_gradient_in_x_has_the_class_in_it() -> None:
    """∇_x C = 1 + V e(y): what R1 punishes is of the conditional slope."""
    model = projection(context(label=LABEL), network=linear)
    x = tf.ones([1, 4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model({"example": x, "label": tf.constant([1])})["logits"]
    expected = 1 + weights(model, "projection_label")[1]
    np.testing.assert_allclose(tape.gradient(logits, x)[0], expected, rtol=1e-6)


def silent(own: NetworkContext) -> keras.Model:
    inputs = own.inputs()
    return own.model(inputs, own.dense(1, "end")(own.joined(inputs)))


def patches(own: NetworkContext) -> keras.Model:
    inputs = own.inputs()
    x = inputs["example"]
    return own.model(inputs, {"logits": x, "features": x})


@pytest.mark.parametrize(
    ("given", "options", "message", "mended"),
    [
        ({}, {}, "is told no class", r"given: \{discriminator: \[label\]\}"),
        ({"told": NUMBERS}, {}, "is told no class", "label"),
        ({"label": LABEL}, {"fields": ["digit"]}, "on digit, .* are label", "given"),
        ({"label": LABEL}, {"network": silent}, "reads features", "features: true"),
        ({"label": LABEL}, {"network": patches}, r"logits \[N, 4\]", "for each example"),
    ],
)
def test_refuses_in_a_sentence(given: dict, options: dict, message: str, mended: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        projection(context(**given), **options)
    assert refused.value.hint is not None
    assert re.search(mended, refused.value.hint)
