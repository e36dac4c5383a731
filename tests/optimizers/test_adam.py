from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.optimizers import Adam

OPTIONS = {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}


def moved(kind: type, **options: object) -> tuple[np.ndarray, list[np.ndarray]]:
    random = np.random.default_rng(0)
    weight = keras.Variable(random.normal(size=(5, 3)).astype("float32"))
    optimizer = kind(**{**OPTIONS, **options})
    for _ in range(7):
        optimizer.apply([tf.constant(random.normal(size=(5, 3)), tf.float32)], [weight])
    return weight.numpy(), [np.asarray(v) for v in optimizer.variables]


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.1}, {"amsgrad": True}])
def test_equal_to_keras(options: dict[str, object]) -> None:
    ours, state = moved(Adam, **options)
    theirs, expected = moved(keras.optimizers.Adam, **options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    for mine, his in zip(state, expected, strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-5, atol=1e-9)


def test_two_steps_by_hand() -> None:
    weight, optimizer = keras.Variable([1.0]), Adam(0.1, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    optimizer.apply([tf.constant([2.0])], [weight])  # m = 1, v = 1: 0.1 · √¼/½ · 1/√1
    optimizer.apply([tf.constant([-2.0])], [weight])  # m = −½, v = 7/4
    second = 0.1 * np.sqrt(1 - 0.75**2) / (1 - 0.5**2) * -0.5 / np.sqrt(1.75)
    np.testing.assert_allclose(weight.numpy(), [1.0 - 0.1 - second], rtol=1e-6)


def test_under_xla() -> None:
    weight, optimizer = keras.Variable([1.0, 2.0]), Adam(0.1)
    optimizer.build([weight])

    @tf.function(jit_compile=True)
    def step() -> None:
        optimizer.apply([tf.constant([3.0, -1.0])], [weight])

    step()
    np.testing.assert_allclose(weight.numpy(), [0.9, 2.1], rtol=1e-5)


def test_saved_and_loaded() -> None:
    loaded = keras.optimizers.deserialize(keras.optimizers.serialize(Adam(0.3, beta_1=0.25)))
    assert isinstance(loaded, Adam)
    assert (float(loaded.learning_rate), loaded.beta_1) == (np.float32(0.3), 0.25)
