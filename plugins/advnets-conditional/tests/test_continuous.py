"""Codes of numbers: their range, their shape, and who draws them."""

from __future__ import annotations

import numpy as np
import pytest
from advnets_conditional.continuous import Continuous

from advnets.random import Draw


def test_every_number_is_uniform_and_independent_of_the_others() -> None:
    drawn = Continuous([2, 3], low=2.0, high=6.0).sample(Draw(1, 0), "c", 20_000).numpy()
    assert drawn.shape == (20_000, 2, 3)
    assert drawn.min() >= 2.0
    assert drawn.max() < 6.0
    flat = drawn.reshape(-1, 6)
    np.testing.assert_allclose(flat.mean(0), 4.0, atol=0.05)
    np.testing.assert_allclose(flat.var(0), 16 / 12, rtol=0.03)
    assert np.abs(np.corrcoef(flat.T) - np.eye(6)).max() < 0.03


def test_it_is_a_function_of_the_round_and_the_stream() -> None:
    code = Continuous([2])
    first = code.sample(Draw(1, 3), "c", 5).numpy()
    np.testing.assert_array_equal(first, code.sample(Draw(1, 3), "c", 5))
    assert (first != code.sample(Draw(1, 4), "c", 5).numpy()).all()
    assert (first != code.sample(Draw(1, 3), "d", 5).numpy()).all()


@pytest.mark.parametrize("shape", [[], [1]])
def test_one_number_has_the_shape_that_is_asked_for(shape: list[int]) -> None:
    assert Continuous(shape).sample(Draw(1, 0), "c", 4).shape == (4, *shape)
