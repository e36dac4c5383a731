from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from advnets.data import batches_per_epoch, epoch_order
from advnets.errors import DataError


@settings(max_examples=25, deadline=None)
@given(
    examples=st.integers(1, 300),
    batch=st.integers(1, 300),
    seed=st.integers(0, 2**31 - 1),
    epoch=st.integers(0, 10_000),
)
def test_an_epoch_shows_no_example_twice(examples: int, batch: int, seed: int, epoch: int) -> None:
    batch = min(batch, examples)
    per_epoch = batches_per_epoch(examples, batch)
    steps = np.arange(epoch * per_epoch, (epoch + 1) * per_epoch)
    indices = epoch_order(seed, steps, batch, examples).numpy()
    assert indices.shape == (per_epoch, batch)
    assert indices.dtype == np.int64
    assert indices.min() >= 0
    assert indices.max() < examples
    assert len(set(indices.ravel())) == per_epoch * batch


def test_without_a_remainder_an_epoch_is_a_permutation() -> None:
    indices = epoch_order(7, np.arange(10, 20), 5, 50).numpy().ravel()
    assert sorted(indices) == list(range(50))


def test_a_step_alone_is_the_same_as_among_others() -> None:
    block = epoch_order(3, np.arange(40), 6, 31).numpy()
    for step in (0, 4, 5, 39):
        np.testing.assert_array_equal(epoch_order(3, step, 6, 31).numpy(), block[step])


def test_equal_in_a_graph() -> None:
    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])
    def order(step: tf.Tensor) -> tf.Tensor:
        return epoch_order(3, step, 8, 100)

    for step in (0, 11, 12, 123_456_789):
        np.testing.assert_array_equal(order(step), epoch_order(3, step, 8, 100))
    assert order.get_concrete_function().output_shapes == [8]


def test_the_order_is_for_ever() -> None:
    """Runs are resumed by it: another order would be another trajectory."""
    assert epoch_order(1, [0, 1], 3, 7).numpy().tolist() == [[1, 3, 4], [0, 2, 5]]
    assert epoch_order(1, 499, 4, 50_000).numpy().tolist() == [11864, 47715, 15579, 20457]
    assert epoch_order(2**31 - 1, 10**9, 4, 50_000).numpy().tolist() == [49239, 6450, 15604, 16173]


@pytest.mark.parametrize("examples", [1, 2, 31, 1437, 50_000])
def test_equal_under_xla(examples: int) -> None:
    batch = min(8, examples)

    @tf.function(jit_compile=True)
    def order(steps: tf.Tensor) -> tf.Tensor:
        return epoch_order(3, steps, batch, examples)

    steps = tf.constant([0, 1, 2, 12, 123_456_789], tf.int64)
    np.testing.assert_array_equal(order(steps), epoch_order(3, steps, batch, examples))


def test_epochs_and_seeds_do_not_come_back() -> None:
    """A generator that looked at the low bits only would repeat after a power of two."""
    epochs = epoch_order(1, np.arange(300), 40, 40).numpy()
    assert len({row.tobytes() for row in epochs}) == 300
    seeds = [epoch_order(seed, 0, 40, 40).numpy().tobytes() for seed in (1, 2, 257, 258, 65537)]
    assert len(set(seeds)) == 5


def test_places_are_uniform_over_epochs() -> None:
    """χ² with 9 degrees of freedom each, for 10 places: mean 9, standard deviation √(18/10)."""
    orders = epoch_order(5, np.arange(500), 10, 10).numpy()
    counts = np.array([np.bincount(orders[:, place], minlength=10) for place in range(10)])
    chi = (np.square(counts - 50) / 50).sum(axis=1)
    assert chi.mean() < 9 + 5 * np.sqrt(18 / 10)


@pytest.mark.parametrize("examples", [3, 4, 5])
def test_a_few_examples_come_in_every_order_about_equally_often(examples: int) -> None:
    """The worst case of a cipher with so small halves; none is missed or much preferred."""
    epochs = 400 * math.factorial(examples)
    orders = epoch_order(2, np.arange(epochs), examples, examples).numpy()
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == math.factorial(examples)
    assert 250 < counts.min() <= counts.max() < 600


def test_neighbours_are_uncorrelated() -> None:
    order = epoch_order(1, np.arange(500), 100, 50_000).numpy().ravel()
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 5 / np.sqrt(50_000)


@pytest.mark.parametrize(("examples", "batch"), [(99, 100), (0, 1)])
def test_too_few_examples_for_a_batch(examples: int, batch: int) -> None:
    with pytest.raises(DataError, match="fewer than one batch") as caught:
        epoch_order(1, 0, batch, examples)
    assert "training.batch_size" in str(caught.value.hint)


def test_an_empty_batch() -> None:
    with pytest.raises(DataError, match="at least one example"):
        batches_per_epoch(10, 0)
