from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.errors import UsageError
from advnets.networks.transposed_conv import grid_size

A4 = {
    "irange": 0.05,
    "layers": [{"units": 8000, "activation": "relu"}],
    "maps": {"channels": 80, "activation": "sigmoid"},
    "kernel": 5,
    "stride": 3,
    "output": {"activation": "linear"},
}


def test_the_papers_deconvolutional_generator(build, generator_context) -> None:
    model = build(generator_context(100, (32, 32, 3)), "transposed_conv", **A4)
    assert model.get_layer("maps_shape").output.shape[1:] == (10, 10, 80)
    assert model.get_layer("output").output.shape[1:] == (32, 32, 3)
    assert model.output_shape == (None, 32, 32, 3)
    assert model.count_params() == sum(
        [100 * 8000 + 8000, 8000 * 8000 + 8000, 5 * 5 * 3 * 80, 32 * 32 * 3]
    )
    assert model.get_layer("output_bias").bias.shape == (32, 32, 3)
    for name in ("hidden_0", "maps", "output"):
        assert 0.049 < np.abs(model.get_layer(name).kernel.numpy()).max() <= 0.05


def test_a_map_of_one_pixel_paints_the_filter(build, generator_context) -> None:
    model = build(
        generator_context(1, (3, 3, 1)),
        "transposed_conv",
        maps={"channels": 1, "activation": "linear"},
        kernel=3,
        output={"bias": 0.5},
    )
    model.get_layer("maps").kernel.assign([[2.0]])
    filters = np.arange(9, dtype="float32").reshape(3, 3, 1, 1)
    model.get_layer("output").kernel.assign(filters)
    painted = model(np.array([[3.0]], "float32"))
    np.testing.assert_allclose(painted[0, ..., 0], 6 * filters[..., 0, 0] + 0.5)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [(32, 5, 3, 10), (28, 5, 3, 9), (48, 5, 3, 16), (8, 5, 3, 2), (3, 5, 3, 1), (5, 5, 1, 1)],
)
def test_grid_size_is_the_smallest_that_suffices(
    size: int, kernel: int, stride: int, expected: int
) -> None:
    assert grid_size(size, kernel, stride) == expected
    assert (expected - 1) * stride + kernel >= size
    assert expected == 1 or (expected - 2) * stride + kernel < size


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (9, 30, 2)])
def test_it_makes_images_of_other_sizes(build, generator_context, shape) -> None:
    small = {**A4, "layers": [5], "output": {"activation": "sigmoid", "bias": "marginals"}}
    model = build(generator_context(4, shape, 0.25), "transposed_conv", **small)
    assert model(np.zeros((2, 4), "float32")).shape == (2, *shape)
    bias = model.get_layer("output_bias").bias
    np.testing.assert_allclose(bias, np.full(shape, np.log(1 / 3)), rtol=1e-6)


def test_it_needs_images(build, generator_context) -> None:
    with pytest.raises(UsageError, match="needs images"):
        build(generator_context(4, (2,)), "transposed_conv", maps={"channels": 1})


def test_it_survives_saving(build, generator_context, tmp_path) -> None:
    small = {**A4, "layers": [5], "max_col_norm": 1.0}
    model = build(generator_context(4, (8, 8, 1)), "transposed_conv", **small)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    z = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    np.testing.assert_array_equal(again(z), model(z))
