"""Built-in networks that are told more than one thing, and such as have a name of their own."""

from __future__ import annotations

import hashlib
from typing import Any

import keras
import numpy as np
import pytest

from advnets import random
from advnets.data import Field
from advnets.errors import UsageError
from advnets.networks import (
    NetworkContext,
    cast_output,
    load_last_layers,
    make_switchable,
    save_weights,
    under_policy,
)
from advnets.random import Draw

LABEL = Field((), "int64", classes=10)
CODE = Field((2,), "float32")
SEEN = Field((8, 8, 2), "float32", kind="image")
IMAGE = (8, 8, 1)
CONVOLUTION = {"channels": 2, "pieces": 2, "kernel": 3, "padding": 1, "pool": 8, "pool_stride": 8}


def digest(model: keras.Model) -> str:
    hashed = hashlib.sha256()
    for weight in model.weights:
        hashed.update(weight.path.encode() + weight.numpy().tobytes())
    return hashed.hexdigest()[:16]


@pytest.mark.parametrize(
    ("name", "parameters", "first"),
    [
        ("mlp", {"layers": [5]}, "hidden_0"),
        ("maxout", {"layers": [5], "pieces": 1}, "maxout_0"),
        ("transposed_conv", {"layers": [5], "maps": {"channels": 1}}, "hidden_0"),
        ("dcgan", {"channels": 5, "stages": 1}, "dense"),
    ],
)
def test_a_generator_joins_what_it_is_told_to_its_latent(
    build, generator_context, name: str, parameters: dict[str, Any], first: str
) -> None:
    alone = build(generator_context(3, IMAGE), name, **parameters)
    told = build(
        generator_context(3, IMAGE, given={"label": LABEL, "code": CODE}), name, **parameters
    )
    units = alone.get_layer(first).kernel.shape[1]
    assert alone.get_layer(first).kernel.shape == (3, units)
    assert told.get_layer(first).kernel.shape == (3 + 10 + 2, units)
    assert told.count_params() == alone.count_params() + 12 * units
    z = {"latent": np.ones((4, 3)), "label": np.arange(4), "code": np.zeros((4, 2))}
    made = told(z)
    assert made.shape == (4, *IMAGE)
    assert (made.numpy()[0] != made.numpy()[1]).any()  # by the label alone


@pytest.mark.parametrize(
    ("name", "parameters"), [("mlp", {"layers": [5]}), ("maxout", {"layers": [5], "pieces": 1})]
)
def test_a_discriminator_of_vectors_joins_what_it_is_told(
    build, discriminator_context, name: str, parameters: dict[str, Any]
) -> None:
    told = discriminator_context(IMAGE, given={"label": LABEL, "seen": SEEN})
    model = build(told, name, **parameters)
    assert model.count_params() == (64 + 10 + 128) * 5 + 5 + 5 + 1
    x = {"example": np.ones((3, *IMAGE)), "label": np.arange(3), "seen": np.ones((3, 8, 8, 2))}
    assert model(x).shape == (3,)


@pytest.mark.parametrize(
    ("name", "parameters", "layer"),
    [
        ("conv_maxout", {"convolutions": [CONVOLUTION]}, "conv_maxout_0"),
        ("dcgan", {"channels": 5, "stages": 1}, "conv_0"),
    ],
)
def test_convolutions_see_images_as_channels_and_the_rest_as_constant_maps(
    build, discriminator_context, name: str, parameters: dict[str, Any], layer: str
) -> None:
    told = discriminator_context(IMAGE, given={"label": LABEL, "code": CODE, "seen": SEEN})
    model = build(told, name, **parameters)
    shape = model.get_layer(layer).weights[0].shape
    assert shape[2] == 1 + 2 + 10 + 2  # the image, what was seen, a map for each class and number
    draw = np.random.default_rng(0)
    given = {
        "example": draw.normal(size=(2, *IMAGE)).astype("float32"),
        "label": np.array([4, 0]),
        "code": np.array([[5.0, 6.0], [7.0, 8.0]], "float32"),
        "seen": draw.normal(size=(2, 8, 8, 2)).astype("float32"),
    }
    joined = keras.Model(model.input, model.get_layer("joined").output)(given).numpy()
    np.testing.assert_array_equal(joined[..., :1], given["example"])
    np.testing.assert_array_equal(joined[..., 1:3], given["seen"])
    vector = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 6]
    np.testing.assert_array_equal(joined[0, ..., 3:], np.broadcast_to(vector, (8, 8, 12)))
    assert model(given).shape == (2,)


def test_a_map_of_classes_becomes_a_channel_for_each(build, discriminator_context) -> None:
    segments = Field((8, 8), "int64", classes=3)
    model = build(
        discriminator_context(IMAGE, given={"segments": segments}), "dcgan", channels=5, stages=1
    )
    assert model.get_layer("conv_0").kernel.shape[2] == 1 + 3


def test_convolutions_refuse_an_image_of_another_size(build, discriminator_context) -> None:
    small = Field((4, 4, 1), "float32", kind="image")
    with pytest.raises(UsageError, match="'small' have 4×4 pixels, its own 8×8") as caught:
        build(discriminator_context(IMAGE, given={"small": small}), "dcgan")
    assert "mlp" in caught.value.hint


@pytest.mark.parametrize("name", ["dcgan", "transposed_conv"])
def test_generators_that_paint_from_vectors_refuse_images(build, name: str) -> None:
    context = NetworkContext("generator", IMAGE, IMAGE, input_name="example", name="generator_b")
    parameters = {"maps": {"channels": 1}} if name == "transposed_conv" else {}
    with pytest.raises(UsageError, match=f"generator_b makes images of images .* {name} cannot"):
        build(context, name, **parameters)
    assert build(context, "mlp").output_shape == (None, *IMAGE)


def test_two_generators_start_from_and_drop_different_numbers(build, generator_context) -> None:
    """The one that is called as ever starts from, and drops, the numbers that it always did."""
    parameters = {"layers": [8], "dropout": [0, 0.5]}
    first = build(generator_context(3, (4,)), "mlp", **parameters)
    second = build(generator_context(3, (4,), name="generator_b"), "mlp", **parameters)
    start = first.get_layer("hidden_0").kernel.numpy()[0, :3]
    np.testing.assert_allclose(start, [-0.07539606, 0.55814296, 0.19186372], rtol=1e-6)
    assert (first.name, second.name) == ("generator", "generator_b")
    assert [w.path for w in first.weights] == [w.path for w in second.weights]
    assert (first.get_layer("hidden_0").kernel != second.get_layer("hidden_0").kernel).numpy().any()

    second.set_weights(first.get_weights())
    z = np.ones((16, 3), "float32")
    with random.scope(Draw(1, 0), "check", [("fake", 16)]):
        drops = [model(z, training=True).numpy() for model in (first, second)]
    assert (drops[0] != drops[1]).any()


def test_a_generator_is_built_as_one_whatever_it_is_called(build, generator_context) -> None:
    model = build(generator_context(3, IMAGE, name="generator_b"), "dcgan", channels=4)
    assert model.output_shape == (None, *IMAGE)
    assert model.get_layer("map").output.shape[1:] == (4, 4, 4)
    assert digest(build(generator_context(3, IMAGE), "dcgan", channels=4)) != digest(model)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mlp", {"layers": [5]}),
        ("maxout", {"layers": [5]}),
        ("conv_maxout", {"convolutions": [CONVOLUTION]}),
        ("dcgan", {"channels": 4}),
    ],
)
def test_an_encoder_gives_what_it_is_to(build, name: str, parameters: dict[str, Any]) -> None:
    context = NetworkContext("encoder", IMAGE, (6,), name="encoder")
    model = build(context, name, **parameters)
    assert (model.name, model.output_shape) == ("encoder", (None, 6))
    with under_policy("mixed_bfloat16"):
        half = cast_output(build(context, name, **parameters))
    assert half(np.ones((2, *IMAGE))).dtype == "float32"


def test_an_encoder_has_no_marginals(build) -> None:
    with pytest.raises(UsageError, match="q's bias is to be marginals.* makes no data"):
        build(NetworkContext("encoder", (3,), (3,), name="q"), "mlp", output={"bias": "marginals"})


def test_what_is_told_survives_half_precision_saving_and_pretrained_weights(
    build, generator_context, tmp_path
) -> None:
    context = generator_context(3, (4,), given={"label": LABEL})
    with under_policy("mixed_bfloat16"):
        model = cast_output(build(context, "mlp", layers=[5], batch_norm="after"))
    make_switchable(model)
    taken = {"latent": np.ones((2, 3), "float32"), "label": np.array([1, 2])}
    said = model(taken)
    assert said.dtype == "float32"
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(taken), said)
    save_weights(model, tmp_path / "weights.npz")
    again = build(generator_context(3, (4,), given={"label": LABEL}, seed=2), "mlp",
                  layers=[5], batch_norm="after")  # fmt: skip
    load_last_layers(again, tmp_path / "weights.npz")
    assert digest(again) == digest(model)
