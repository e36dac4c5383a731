from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from advnets.data.sources.digits import Digits


@pytest.mark.parametrize("size", [8, 28])
def test_shapes_and_splits(size: int) -> None:
    source = Digits(size)
    sizes = {split: source.load(split).shape for split in source.splits}
    assert sizes == {
        "train": (1437, size, size, 1),
        "validation": (180, size, size, 1),
        "test": (180, size, size, 1),
    }
    assert source.spec.dtype == "uint8"
    assert source.preprocess.name == "unit"


def test_each_digit_is_in_one_split() -> None:
    source, images = Digits(), load_digits().images
    read = np.concatenate([source.load(split) for split in source.splits])[..., 0]
    expected = np.rint(images * (255 / 16)).astype(np.uint8)
    assert sorted(map(bytes, read)) == sorted(map(bytes, expected))


def test_every_class_is_in_every_split() -> None:
    source = Digits()
    for split in source.splits:
        labels = source.labels(split)
        assert labels is not None
        assert np.bincount(labels, minlength=10).min() >= 9


def test_resizing_keeps_the_picture_and_the_split() -> None:
    small, large = Digits(8), Digits(28)
    np.testing.assert_array_equal(small.labels("test"), large.labels("test"))
    x, y = small.load("test").astype(float), large.load("test").astype(float)
    assert np.abs(x.mean(axis=(1, 2)) - y.mean(axis=(1, 2))).max() < 12
    # Pixel (i, j) of 8 covers the square about (3.5 i + 1.25, 3.5 j + 1.25) of 28.
    centres = np.rint(3.5 * np.arange(8) + 1.25).astype(int)
    sampled = y[:, centres][:, :, centres]
    assert np.corrcoef(sampled.ravel(), x.ravel())[0, 1] > 0.95
    assert y.max() == 255
    assert y.min() == 0
