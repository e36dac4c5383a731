from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.errors import UsageError

A4 = {
    "irange": 0.005,
    "convolutions": [
        {"channels": 32, "pieces": 2, "kernel": 8, "padding": 4, "pool": 4, "pool_stride": 2},
        {"channels": 32, "pieces": 2, "kernel": 8, "padding": 3, "pool": 4, "pool_stride": 2},
        {"channels": 192, "pieces": 2, "kernel": 5, "padding": 3, "pool": 2, "pool_stride": 2},
    ],
    "layers": [500],
    "pieces": 5,
    "dropout": [0.2, 0.5, 0.5, 0.5, 0.5],
}


def test_the_papers_convolutional_discriminator(build, discriminator_context) -> None:
    model = build(discriminator_context((32, 32, 3)), "conv_maxout", **A4)
    shapes = [model.get_layer(f"conv_maxout_{i}").output.shape[1:] for i in range(3)]
    assert shapes == [(16, 16, 32), (7, 7, 32), (5, 5, 192)]
    assert model.count_params() == sum(
        [
            8 * 8 * 3 * 64 + 64,
            8 * 8 * 32 * 64 + 64,
            5 * 5 * 32 * 384 + 384,
            5 * 5 * 192 * 2500 + 2500,
            500 + 1,
        ]
    )
    assert model.output_shape == (None,)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.2, 0.5, 0.5, 0.5, 0.5]
    for weight in model.trainable_weights:
        assert np.abs(weight.numpy()).max() <= 0.005


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (48, 48, 1)])
def test_it_takes_images_of_other_sizes(build, discriminator_context, shape) -> None:
    small = {**A4, "layers": [3], "dropout": []}
    model = build(discriminator_context(shape), "conv_maxout", **small)
    assert model(np.zeros((2, *shape), "float32")).shape == (2,)


def test_it_needs_images(build, discriminator_context) -> None:
    with pytest.raises(UsageError, match="needs images"):
        build(discriminator_context((2,)), "conv_maxout", **A4)


def test_a_filter_that_does_not_fit_is_refused(build, discriminator_context) -> None:
    convolutions = [{"channels": 2, "kernel": 5}, {"channels": 2, "kernel": 5}]
    with pytest.raises(UsageError, match=r"convolution 2 .*filters 5 wide.*8×8 pixels, 4×4"):
        build(discriminator_context((8, 8, 1)), "conv_maxout", convolutions=convolutions)
