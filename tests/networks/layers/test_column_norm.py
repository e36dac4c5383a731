from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import ColumnNorm


def test_long_columns_are_shortened_and_short_ones_untouched() -> None:
    w = np.array([[3.0, 0.3, 0.0], [4.0, 0.1, 0.0]], "float32")  # norms 5, 0.316, 0
    bounded = ColumnNorm(1.9365)(w).numpy()
    np.testing.assert_allclose(bounded[:, 0], [3 * 1.9365 / 5, 4 * 1.9365 / 5], rtol=1e-6)
    assert (bounded[:, 1:] == w[:, 1:]).all()


def test_an_all_zero_column_stays_finite() -> None:
    assert np.isfinite(ColumnNorm(1.0)(tf.zeros((3, 2))).numpy()).all()


def test_the_limit_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        ColumnNorm(0.0)
