from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.networks import Relu
from advnets.train.flops import cost


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_values_and_first_derivatives_are_tensorflows(slope: float) -> None:
    x = tf.constant([[-2.0, -0.5, 0.0, 0.5, 3.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours = Relu(slope)(x)
        theirs = tf.nn.leaky_relu(x, slope)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(tape.gradient(ours, x), tape.gradient(theirs, x))


def critic(activation: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(6), activation, keras.layers.Dense(5), activation]
    return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])


def penalty_gradients(model: keras.Model, x: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = model(x)
        squared = tf.reduce_sum(tf.square(inner.gradient(y, x)))
    variables = [variable.value for variable in model.trainable_variables]
    return outer.gradient(squared, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_a_gradient_penalty_moves_weights_as_with_keras_layers(slope: float) -> None:
    x = tf.constant(np.random.default_rng(0).normal(size=(7, 4)), tf.float32)
    theirs = keras.layers.LeakyReLU(negative_slope=slope)
    expected = penalty_gradients(critic(theirs), x)
    for ours, keras_own in zip(penalty_gradients(critic(Relu(slope)), x), expected, strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-6, atol=1e-7)
    assert any(np.abs(gradient).max() > 0.01 for gradient in expected)


def test_it_saves_the_backward_pass_of_zeros() -> None:
    x = tf.TensorSpec([7, 4])
    counted = {}
    for name, activation in (("ours", Relu()), ("keras", keras.layers.ReLU())):
        model = critic(activation)
        counted[name] = cost(lambda x, model=model: penalty_gradients(model, x), x).matrix
    # The zeros go back from the second ReLU to the weights and the input of the second
    # layer, and from the first one to the weights of the first layer.
    assert counted["keras"] - counted["ours"] == 2 * 7 * (6 * 5 + 6 * 5 + 4 * 6)


def test_saved_and_loaded() -> None:
    layer = Relu.from_config(Relu(0.3, name="leak").get_config())
    assert (layer.negative_slope, layer.name) == (0.3, "leak")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy: str) -> None:
    assert Relu(0.2, dtype=policy)(tf.constant([-1.0, 1.0])).dtype.name == policy[6:]
