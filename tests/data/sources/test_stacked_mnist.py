"""Stacked digits: every channel a digit, a pure function of the seed, a thousand classes."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.data import Composed, DataUnavailable
from advnets.data.sources.digits import Digits
from advnets.data.sources.stacked_mnist import StackedMnist


@pytest.fixture(scope="module")
def stacked():
    return StackedMnist("sklearn", examples=3000, held_out=50)


def test_every_channel_is_a_digit_of_the_same_split_and_the_label_says_which(stacked):
    for split in ("train", "test"):
        digits, labels = Digits(size=28).load(split), Digits(size=28).labels(split)
        known = {image.tobytes(): label for image, label in zip(digits, labels, strict=True)}
        parts = stacked.parts(stacked.load(split)[:40])
        assert parts.shape == (40, 3, 28, 28, 1)
        for three, label in zip(parts, stacked.labels(split), strict=False):
            found = [known[part.tobytes()] for part in three]
            assert label == found[0] * 100 + found[1] * 10 + found[2]


def test_the_modes_are_nearly_equally_frequent(stacked):
    labels = stacked.labels("train")
    for divisor in (100, 10, 1):
        share = np.bincount(labels // divisor % 10) / len(labels)
        assert np.abs(share - 0.1).max() < 0.03
    assert len(np.unique(labels)) == pytest.approx(1000 * (1 - np.exp(-3)), abs=40)


def test_examples_are_a_pure_function_of_the_seed(stacked):
    again = StackedMnist("sklearn", examples=100, held_out=50)
    np.testing.assert_array_equal(again.load("train"), stacked.load("train")[:100])
    other = StackedMnist("sklearn", examples=100, held_out=50, seed=1)
    assert (other.labels("train") != again.labels("train")).mean() > 0.9
    assert not np.array_equal(stacked.labels("test"), stacked.labels("validation"))


def test_what_it_declares(stacked):
    assert isinstance(stacked, Composed)
    assert stacked.spec.shape == (28, 28, 3)
    assert stacked.spec.num_classes == 1000
    assert stacked.count_of_parts == 3
    assert stacked.base.spec.num_classes == 10


def test_mnist_that_is_not_there(tmp_path):
    missing = StackedMnist(data_dir=tmp_path)
    with pytest.raises(DataUnavailable):
        missing.available()
