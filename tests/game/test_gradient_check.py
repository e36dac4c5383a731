"""The look at a gradient that every round takes."""

import numpy as np
import pytest
import tensorflow as tf

from advnets.game.gradient_check import zero_if_finite


def gradient(batch, bad=None):
    """Of a dense layer's kernel and bias, with one δ that is not finite."""
    x, delta = tf.ones([batch, 30]), np.full([batch, 20], 0.5, np.float32)
    if bad is not None:
        delta[3, 7] = bad
    return [tf.matmul(x, delta, transpose_a=True), tf.reduce_sum(delta, axis=0)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bias_bears_witness_for_its_kernel(bad):
    kernel, bias = gradient(8, bad)
    assert not np.isfinite(kernel.numpy()).all()
    assert np.isnan(zero_if_finite([kernel, bias], values=20))
    assert np.isnan(zero_if_finite([None, kernel, bias], values=20))


def test_finite_gradients_give_zero():
    assert zero_if_finite(gradient(8)).numpy() == 0


def test_infinities_of_both_signs_do_not_cancel():
    assert np.isnan(zero_if_finite([tf.constant([np.inf, -np.inf])]))


def test_what_is_looked_at_is_bounded_and_never_nothing():
    bad, fine = tf.constant([np.nan] * 3), tf.ones([2])
    assert zero_if_finite([bad, fine], values=4).numpy() == 0
    assert np.isnan(zero_if_finite([bad, fine], values=5))
    assert np.isnan(zero_if_finite([bad], values=1))


def test_sparse_gradients():
    rows = tf.IndexedSlices(tf.constant([[np.inf]]), tf.constant([2]), tf.constant([5, 1]))
    assert np.isnan(zero_if_finite([rows, tf.ones([3])]))
    assert np.isnan(tf.function(zero_if_finite)([rows]))
