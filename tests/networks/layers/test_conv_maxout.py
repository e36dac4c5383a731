from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import ConvMaxout
from advnets.networks.layers.conv_maxout import pooled_size


@pytest.mark.parametrize(
    ("size", "window", "stride", "expected"),
    [(33, 4, 2, 16), (15, 4, 2, 7), (9, 2, 2, 5), (8, 2, 2, 4), (4, 4, 2, 1), (1, 2, 2, 1)],
)
def test_pooling_covers_everything_with_the_fewest_windows(
    size: int, window: int, stride: int, expected: int
) -> None:
    assert pooled_size(size, window, stride) == expected
    assert (expected - 1) * stride + window >= size
    assert expected == 1 or (expected - 2) * stride + window < size


def test_the_three_layers_of_the_paper_are_16_7_and_5_wide() -> None:
    x = tf.zeros((1, 32, 32, 3))
    widths = []
    for channels, kernel, padding, pool in [(32, 8, 4, 4), (32, 8, 3, 4), (192, 5, 3, 2)]:
        layer = ConvMaxout(channels, 2, kernel=kernel, padding=padding, pool=pool, pool_stride=2)
        declared = layer.compute_output_shape(x.shape)
        x = layer(x)
        assert tuple(x.shape) == tuple(declared)
        widths.append(x.shape[1])
    assert widths == [16, 7, 5]
    assert x.shape == (1, 5, 5, 192)


def test_against_a_direct_computation() -> None:
    random = np.random.default_rng(0)
    layer = ConvMaxout(3, 2, kernel=3, padding=1, pool=3, pool_stride=2)
    x = random.normal(size=(2, 6, 5, 2)).astype("float32")
    layer.build(x.shape)
    layer.kernel.assign(random.normal(size=(3, 3, 2, 6)))
    layer.bias.assign(random.normal(size=6))
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    linear = np.empty((2, 6, 5, 6))
    for i in range(6):
        for j in range(5):
            linear[:, i, j] = (
                np.einsum("nhwc,hwcd->nd", padded[:, i : i + 3, j : j + 3], kernel) + bias
            )
    pieces = np.maximum(linear[..., :3], linear[..., 3:])
    # 6 → ⌈3/2⌉ + 1 = 3 windows, the last one clipped to two rows; 5 → 2 windows.
    expected = np.array(
        [[pieces[:, i : i + 3, j : j + 3].max(axis=(1, 2)) for j in (0, 2)] for i in (0, 2, 4)]
    )
    np.testing.assert_allclose(layer(x), np.moveaxis(expected, 2, 0), rtol=1e-4, atol=1e-5)


def test_a_window_of_negative_values_is_not_raised_to_the_padding() -> None:
    layer = ConvMaxout(1, 1, kernel=1, pool=2, pool_stride=2, kernel_initializer="ones")
    np.testing.assert_allclose(layer(tf.fill((1, 3, 3, 1), -7.0)), np.full((1, 2, 2, 1), -7.0))


def test_it_survives_serialisation() -> None:
    layer = ConvMaxout(4, 2, kernel=3, padding=1, pool=2, pool_stride=2, name="c")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.compute_output_shape((None, 8, 8, 1)) == (None, 4, 4, 4)
    assert again.get_config() == layer.get_config()
