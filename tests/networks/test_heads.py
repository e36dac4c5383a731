"""Discriminators that say more than one logit."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from advnets.data import Field
from advnets.errors import UsageError
from advnets.networks import cast_output, in_float32, make_switchable, save_weights, under_policy

FIELDS = {
    "label": Field((), "int64", classes=3),
    "digits": Field((2,), "int64", classes=10),
    "height": Field((), "float32"),
    "code": Field((2,), "float32"),
}
IMAGE = (8, 8, 1)
CONVOLUTION = {"channels": 2, "pieces": 2, "kernel": 3, "padding": 1, "pool": 8, "pool_stride": 8}
DISCRIMINATORS = [
    ("mlp", {"layers": [5], "dropout": [0, 0.5]}, 5),
    ("maxout", {"layers": [5], "dropout": [0, 0.5]}, 5),
    ("conv_maxout", {"convolutions": [CONVOLUTION]}, 2),
    ("dcgan", {"channels": 4}, 4 * 4 * 4),
]
"""Name, parameters, and the size of the last hidden layer."""


@pytest.mark.parametrize(("name", "parameters", "units"), DISCRIMINATORS)
def test_heads_and_features_by_name(
    build, discriminator_context, name: str, parameters: dict[str, Any], units: int
) -> None:
    context = discriminator_context(IMAGE, fields=FIELDS)
    alone = build(context, name, **parameters)
    heads = {
        "class_logits": "label", "digits": "digits", "tall": "height", "code": "code",
        "four": 4, "grid": [2, 3],
    }  # fmt: skip
    model = build(context, name, **parameters, heads=heads, features=True)
    x = np.random.default_rng(0).normal(size=(7, *IMAGE)).astype("float32")
    said = model(x)
    assert {key: tuple(value.shape) for key, value in said.items()} == {
        "logits": (7,), "class_logits": (7, 3), "digits": (7, 2, 10), "tall": (7,),
        "code": (7, 2), "four": (7, 4), "grid": (7, 2, 3), "features": (7, units),
    }  # fmt: skip
    more = 3 + 20 + 1 + 2 + 4 + 6
    bias = 0 if name == "dcgan" else 1  # with batch normalisation DCGAN has none
    assert model.count_params() == alone.count_params() + more * (units + bias)
    # The logits are those of a network that was asked for nothing else.
    np.testing.assert_array_equal(said["logits"], alone(x))
    head = model.get_layer("head_class_logits")
    np.testing.assert_allclose(said["class_logits"], head(said["features"]), rtol=1e-5, atol=1e-6)


def test_features_are_those_before_dropout(build, discriminator_context) -> None:
    model = build(discriminator_context((2,)), "mlp", layers=[64], dropout=[0, 0.5], features=True)
    x = np.ones((3, 2), "float32")
    training, testing = model(x, training=True), model(x, training=False)
    np.testing.assert_array_equal(training["features"], testing["features"])
    assert (training["logits"] != testing["logits"]).numpy().any()


@pytest.mark.parametrize(("name", "parameters", "units"), DISCRIMINATORS)
def test_the_logit_of_a_classifier_with_a_class_for_what_was_generated(
    build, discriminator_context, name: str, parameters: dict[str, Any], units: int
) -> None:
    context = discriminator_context(IMAGE, fields=FIELDS)
    model = build(
        context, name, **parameters, heads={"class_logits": "label", "four": 4},
        logits="log_sum_exp",
    )  # fmt: skip
    said = model(np.ones((2, *IMAGE), "float32"))
    by_hand = np.log(np.exp(said["class_logits"].numpy()).sum(axis=1))
    np.testing.assert_allclose(said["logits"], by_hand, rtol=1e-5)
    assert "output" not in [layer.name for layer in model.layers]


@pytest.mark.parametrize(
    ("heads", "found"),
    [
        ({"code": "code"}, "none"),
        ({"a": "label", "b": "label"}, "a, b"),
        ({"digits": "digits"}, "none"),  # two classes for each example
    ],
)
def test_log_sum_exp_needs_one_head_of_classes(
    build, discriminator_context, heads: dict[str, str], found: str
) -> None:
    with pytest.raises(UsageError, match=f"needs one head of classes; it has {found}"):
        build(discriminator_context((2,), fields=FIELDS), "mlp", heads=heads, logits="log_sum_exp")


def test_a_head_of_no_field_is_refused_with_those_that_there_are(
    build, discriminator_context
) -> None:
    heads = {"class_logits": "lable"}
    with pytest.raises(UsageError, match="'lable', which is no field; there are label, digits"):
        build(discriminator_context((2,), fields=FIELDS), "mlp", heads=heads)
    with pytest.raises(UsageError, match="which is no field; there is none"):
        build(discriminator_context((2,)), "mlp", heads=heads)


@pytest.mark.parametrize("name", ["mlp", "maxout", "dcgan"])
@pytest.mark.parametrize("asked", [{"heads": {"four": 4}}, {"features": True}])
def test_a_generator_has_no_heads(
    build, generator_context, name: str, asked: dict[str, Any]
) -> None:
    layers = {} if name == "dcgan" else {"layers": [4]}
    with pytest.raises(UsageError, match="generator is asked for heads.* only a discriminator"):
        build(generator_context(2, IMAGE), name, **layers, **asked)


@pytest.mark.parametrize(("name", "parameters", "units"), DISCRIMINATORS)
def test_words_are_float32_whatever_the_layers_compute_in(
    build, discriminator_context, tmp_path, name: str, parameters: dict[str, Any], units: int
) -> None:
    context = discriminator_context(
        IMAGE, fields=FIELDS, given={"label": FIELDS["label"], "code": FIELDS["code"]}
    )
    asked = {"heads": {"class_logits": "label"}, "features": True}
    with under_policy("mixed_bfloat16"):
        model = build(context, name, **parameters, **asked)
    taken = {
        "example": np.ones((2, *IMAGE), "float32"),
        "label": np.array([0, 2]),
        "code": np.ones((2, 2), "float32"),
    }
    said = model(taken)
    assert {value.dtype.name for value in said.values()} == {"float32"}
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")(taken)
    for key, value in said.items():
        np.testing.assert_array_equal(again[key], value)

    exact = build(context, name, **parameters, **asked)
    assert save_weights(exact, tmp_path / "a.npz") == save_weights(model, tmp_path / "b.npz")
    make_switchable(model)
    with in_float32():
        precise = model(taken)
    for key, value in exact(taken).items():
        np.testing.assert_allclose(precise[key], value, rtol=1e-5, atol=1e-6)


def test_each_output_in_half_precision_is_cast() -> None:
    inputs = {name: keras.Input((2,), name=name) for name in ("a", "b")}
    half = keras.layers.Dense(1, dtype="mixed_bfloat16")(inputs["a"])
    said = {"half": half, "whole": inputs["b"]}
    model = cast_output(keras.Model(inputs, said, name="q"))
    assert model.name == "q"
    values = model({"a": np.ones((3, 2)), "b": np.ones((3, 2))})
    assert {name: value.dtype.name for name, value in values.items()} == {
        "half": "float32", "whole": "float32",
    }  # fmt: skip
    assert [layer.name for layer in model.layers].count("half_float32") == 1
