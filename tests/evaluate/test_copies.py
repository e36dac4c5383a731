"""Duplicates and memorisation: copies are found, real data pass."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.errors import DataError, UsageError
from advnets.evaluate import Data, MetricContext
from advnets.evaluate.estimators.nearest import find_nearest
from advnets.evaluate.metrics.duplicates import duplicates
from advnets.evaluate.metrics.memorisation import memorisation

N = 600


def normal(seed, n=N, d=5):
    return np.random.default_rng(seed).normal(size=(n, d)).astype("float32")


def context(samples, **splits):
    splits = {"train": normal(0), "test": normal(1)} | splits
    return MetricContext(
        samples=lambda n, seed, first=0: samples[first:n],
        data=Data(load=lambda split: splits[split], splits=tuple(splits)),
    )


def test_nearest_against_every_difference():
    x, y = normal(3, 50).astype(float), normal(4, 70).astype(float)
    distances = np.linalg.norm(x[:, None] - y[None], axis=2)
    found = find_nearest(x, y, block=500)
    np.testing.assert_array_equal(found[:, 0], distances.argmin(axis=1))
    np.testing.assert_allclose(found[:, 1], distances.min(axis=1), rtol=1e-9)
    second = find_nearest(x, y, 1)
    np.testing.assert_allclose(second[:, 1], np.sort(distances, axis=1)[:, 1], rtol=1e-9)


def test_samples_as_varied_as_the_data_have_few_duplicates():
    (score,) = duplicates(context(normal(2)), features="pixels", samples=N, quantile=0.05)
    assert score.value == pytest.approx(0.05, abs=4 * score.error)
    assert 0.9 < score.protocol["nearest_generated"] / score.protocol["nearest_real"] < 1.1
    low, high = score.protocol["interval"]
    assert low < score.value < high


@pytest.mark.parametrize("distinct", [1, 10, N // 2])
def test_repetitions_are_duplicates(distinct):
    """Also where a threshold of 0 (a quantile of 0 of data with copies) leaves only rounding."""
    samples = np.tile(normal(2, distinct), (N // distinct, 1))
    (score,) = duplicates(context(samples), features="pixels", samples=N)
    assert score.value == 1
    twice = np.concatenate([normal(0, 100)] * 6)
    (score,) = duplicates(context(samples, train=twice), features="pixels", samples=N, quantile=0)
    assert score.value == 1


def test_half_of_the_samples_repeated():
    samples = np.concatenate([normal(2, N // 2), np.tile(normal(3, 1), (N // 2, 1))])
    (score,) = duplicates(context(samples), features="pixels", samples=N, quantile=0.0)
    assert score.value == 0.5


def test_the_number_of_examples_bounds_that_of_samples():
    (score,) = duplicates(context(normal(2)), features="pixels", samples=5000)
    assert score.protocol["samples"] == score.protocol["examples"] == N
    with pytest.raises(DataError, match="2 examples"):
        duplicates(context(normal(2), train=normal(0, 2)), features="pixels")


def scores(samples, **more):
    splits = more.pop("splits", {})
    found = memorisation(context(samples, **splits), features="pixels", samples=N, **more)
    return {score.metric: score for score in found}


def test_held_out_data_show_no_gap():
    """Fresh data are no nearer to the training examples than to others."""
    found = scores(normal(2))
    gap, share = found["memorisation"], found["nearer_to_training"]
    assert abs(gap.value) < 4 * gap.error < 0.1
    assert abs(share.value - 0.5) < 4 * share.error
    low, high = gap.protocol["interval"]
    assert low < gap.value < high


def test_copies_of_the_training_data():
    found = scores(normal(0))
    assert found["memorisation"].value == pytest.approx(1, abs=1e-5)
    assert found["nearer_to_training"].value == 1
    assert found["memorisation"].protocol["to_training"] < 1e-5


def test_copies_of_the_held_out_data_are_far_from_the_training_data():
    found = scores(normal(1))
    assert found["memorisation"].value < -100
    assert found["nearer_to_training"].value == 0


def test_copies_of_held_out_whole_numbers_are_far_from_the_training_data():
    """Whose distances are 0, without any rounding."""
    held_out = np.arange(60.0).reshape(30, 2)
    samples = np.resize(held_out, (N, 2))
    found = scores(samples, splits={"train": held_out + 0.5, "test": held_out})
    assert found["memorisation"].value < -100
    assert found["nearer_to_training"].value == 0


def test_ties_count_half():
    found = scores(normal(2), splits={"test": normal(0)})
    assert found["nearer_to_training"].value == 0.5
    assert found["memorisation"].value == pytest.approx(0, abs=1e-9)


def test_equal_numbers_on_both_sides():
    """Of 6,000 training examples a part is looked at: more would lie nearer by chance alone."""
    larger = {"train": normal(0, 6000), "test": normal(1, 300)}
    found = scores(normal(2), splits=larger)
    assert found["memorisation"].protocol["examples"] == 300
    assert found["memorisation"].protocol["of_training"] == 6000
    assert abs(found["memorisation"].value) < 5 * found["memorisation"].error
    fewer = scores(normal(2), splits=larger, examples=50)
    assert fewer["memorisation"].protocol["examples"] == 50
    with pytest.raises(DataError, match="301 examples were requested"):
        scores(normal(2), splits=larger, examples=301)


def test_the_training_split_is_not_held_out():
    with pytest.raises(UsageError, match="held_out: expected"):
        scores(normal(2), held_out="train")
