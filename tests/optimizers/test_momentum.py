from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.optimizers import FlooredDecay, Momentum, OptimizerContext, momentum

AUTHORS = {"start": 0.5, "final": 0.7, "epochs": 250}


def test_three_updates_by_hand() -> None:
    w = keras.Variable([1.0, -1.0])
    optimizer = Momentum(0.1, start=0.5)
    for gradient in ([1.0, 0.0], [2.0, 0.0], [0.0, 10.0]):
        optimizer.apply([tf.constant(gradient)], [w])
    # v: -0.1, then -0.05 - 0.2 = -0.25, then -0.125; second coordinate: 0, 0, -1
    np.testing.assert_allclose(w.numpy(), [1 - 0.1 - 0.25 - 0.125, -2], rtol=1e-6)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(1, 0.5), (2, 0.5 + 0.2 / 249), (100, 0.5 + 0.2 * 99 / 249), (250, 0.7), (1000, 0.7)],
)
def test_the_authors_ramp(epoch: int, expected: float) -> None:
    context = OptimizerContext(steps_per_epoch=500, total_steps=0, batch_size=100)
    optimizer = momentum(context, learning_rate=0.1, momentum=AUTHORS)
    for iteration in (500 * (epoch - 1), 500 * epoch - 1):  # first and last of the epoch
        optimizer.iterations.assign(iteration)
        assert float(optimizer.momentum) == pytest.approx(expected, abs=1e-7)


def test_ramp_and_decay_against_a_loop_in_double_precision() -> None:
    rate = FlooredDecay(0.1, 1.3, 0.03)
    optimizer = Momentum(rate, start=0.2, final=0.8, epochs=4, steps_per_epoch=2)
    w = keras.Variable([0.5, 2.0])

    @tf.function
    def step() -> None:
        optimizer.apply([w.value**2], [w])

    optimizer.build([w])
    theta, v = np.array([0.5, 2.0]), np.zeros(2)
    for t in range(12):
        m = 0.2 + 0.6 * min(t // 2 / 3, 1)
        v = m * v - max(0.1 / 1.3**t, 0.03) * theta**2
        theta = theta + v
        step()
        np.testing.assert_allclose(w.numpy(), theta, rtol=1e-5)
    np.testing.assert_allclose(optimizer.velocities[0].numpy(), v, rtol=1e-5)


def descend(optimizer: keras.optimizers.Optimizer, w: keras.Variable) -> None:
    optimizer.apply([tf.sin(w.value)], [w])


@pytest.mark.parametrize("jit", [False, True])
def test_it_agrees_with_kerass_sgd_also_when_compiled(jit: bool) -> None:
    start = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
    mine, theirs = keras.Variable(start), keras.Variable(start)
    optimizers = (Momentum(0.1, start=0.6), keras.optimizers.SGD(0.1, momentum=0.6))
    for optimizer, w in zip(optimizers, (mine, theirs), strict=True):
        optimizer.build([w])
        step = tf.function(partial(descend, optimizer, w), jit_compile=jit)
        for _ in range(5):
            step()
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-6)


def test_constant_momentum_needs_no_ramp() -> None:
    assert Momentum(0.1, start=0.9).momentum == 0.9
    assert Momentum(0.1, start=0.1, final=0.9, epochs=1).momentum == 0.9


def test_its_whole_state_is_the_count_and_the_velocities() -> None:
    w = keras.Variable([1.0])
    optimizer = Momentum(FlooredDecay(0.1, 1.1), start=0.5, final=0.9, epochs=3)
    optimizer.build([w])
    assert [v.path.split("/")[-1] for v in optimizer.variables] == [
        "iteration",
        f"{w.path}_velocity",
    ]


def test_it_survives_serialisation() -> None:
    optimizer = Momentum(FlooredDecay(0.1, 1.1), start=0.5, final=0.9, epochs=3, steps_per_epoch=7)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
