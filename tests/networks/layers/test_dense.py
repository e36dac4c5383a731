from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import ColumnNorm, Dense, Maxout


def maxout(kernel: list[list[float]], units: int, pieces: int) -> Maxout:
    layer = Maxout(units, pieces)
    layer.build((None, len(kernel)))
    layer.kernel.assign(kernel)
    return layer


def test_maxout_takes_the_largest_piece_of_each_unit() -> None:
    # Two units, three pieces; columns: piece 0 of units 0, 1, piece 1 of units 0, 1, ...
    layer = maxout([[1, 10, 2, -10, 3, 0], [0, 0, 0, 0, 0, 0]], units=2, pieces=3)
    layer.bias.assign([0, 0, 0, 0, 0, 5])
    x = tf.constant([[1.0, 0.0], [-1.0, 0.0], [0.1, 0.0]])
    # unit 0: max(x, 2x, 3x); unit 1: max(10x, -10x, 5)
    np.testing.assert_allclose(layer(x), [[3, 10], [-1, 10], [0.3, 5]], rtol=1e-6)


def test_maxouts_gradient_reaches_the_winning_piece_only() -> None:
    layer = maxout([[1, -1]], units=1, pieces=2)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(tf.constant([[3.0], [-2.0], [5.0]])))
    kernel, bias = tape.gradient(y, [layer.kernel.value, layer.bias.value])
    np.testing.assert_allclose(kernel, [[8, -2]])  # 3 + 5 by the first piece, -2 by the second
    np.testing.assert_allclose(bias, [2, 1])


def test_tied_pieces_share_the_gradient() -> None:
    layer = maxout([[1, 1, 1, 1]], units=1, pieces=4)
    x = tf.constant([[0.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    np.testing.assert_allclose(tape.gradient(y, x), [[1]])  # not 4


def test_maxouts_gradient_against_finite_differences() -> None:
    layer = Maxout(5, 3, kernel_initializer=keras.initializers.RandomNormal(seed=1))
    x = np.random.default_rng(1).normal(size=(4, 6)).astype("float32")
    direction = np.random.default_rng(2).normal(size=x.shape).astype("float32")

    def value(t: float) -> float:
        return float(tf.reduce_sum(tf.square(layer(tf.constant(x + t * direction)))))

    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        y = tf.reduce_sum(tf.square(layer(tensor)))
    exact = float(tf.reduce_sum(tape.gradient(y, tensor) * direction))
    assert (value(1e-3) - value(-1e-3)) / 2e-3 == pytest.approx(exact, rel=2e-2)


def test_second_derivatives_of_maxout_exist() -> None:
    """Of f = max(x, -x)², at x = 3: f' = 6, d(f'²)/dw = 2·f'·df'/dw = 2·6·12 at w = 1."""
    layer = maxout([[1, -1]], units=1, pieces=2)
    x = tf.constant([[3.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.square(layer(x))
        penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
    np.testing.assert_allclose(outer.gradient(penalty, layer.kernel.value), [[144, 0]])


def test_maxout_survives_serialisation() -> None:
    layer = Maxout(4, 3, kernel_constraint=ColumnNorm(1.0), name="m")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (again.outputs, again.pieces, again.units) == (4, 3, 12)
    assert again.kernel_constraint.limit == 1.0
    assert layer.compute_output_shape((None, 7)) == (None, 4)


def test_the_constraint_bounds_each_piece_after_an_update() -> None:
    layer = Maxout(2, 2, kernel_constraint=ColumnNorm(0.5), kernel_initializer="ones")
    layer.build((None, 4))
    optimizer = keras.optimizers.SGD(0.0)
    optimizer.apply([tf.zeros((4, 4)), tf.zeros(4)], [layer.kernel, layer.bias])
    np.testing.assert_allclose(np.linalg.norm(layer.kernel.numpy(), axis=0), 0.5, rtol=1e-6)


def test_dense_is_kerass_but_for_constraints() -> None:
    layer = Dense(3, kernel_constraint=ColumnNorm(1.0))
    layer.build((None, 2))
    assert layer.kernel.aggregation == "only_first_replica"
    assert layer.bias.aggregation == "none"
