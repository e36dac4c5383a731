from __future__ import annotations

import numpy as np
import pytest

from advnets.networks import SparseNormal
from advnets.networks.initializers import weight_initializer


def test_sparse_gives_every_unit_exactly_so_many_weights() -> None:
    weights = SparseNormal(100, seed=3)((500, 40)).numpy()
    assert ((weights != 0).sum(axis=0) == 100).all()
    # Units choose their inputs independently of each other.
    assert len({tuple(np.flatnonzero(column)) for column in weights.T}) == 40
    drawn = weights[weights != 0]
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)
    assert drawn.std() == pytest.approx(1, abs=4 / np.sqrt(2 * drawn.size))


def test_sparse_uses_all_inputs_of_a_smaller_layer() -> None:
    assert (SparseNormal(100)((7, 3)).numpy() != 0).all()


def test_sparse_is_a_function_of_its_seed() -> None:
    first, again, other = (SparseNormal(2, seed=s)((9, 4)).numpy() for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_irange_is_uniform_within_its_bounds() -> None:
    weights = weight_initializer({"irange": 0.05}, 1)((200, 300)).numpy()
    assert np.abs(weights).max() <= 0.05
    assert np.abs(weights).max() > 0.0499
    assert weights.std() == pytest.approx(0.05 / np.sqrt(3), rel=0.01)


def test_stddev_is_normal() -> None:
    weights = weight_initializer({"stddev": 0.02}, 1)((200, 300)).numpy()
    assert weights.std() == pytest.approx(0.02, rel=0.01)
    assert np.abs(weights).max() > 3 * 0.02  # not truncated


def test_the_default_is_glorots_uniform() -> None:
    weights = weight_initializer({"irange": None}, 1)((200, 300)).numpy()
    assert np.abs(weights).max() == pytest.approx(np.sqrt(6 / 500), rel=0.01)
