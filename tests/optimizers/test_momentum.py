from __future__ import annotations

import json
import subprocess
import sys
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


def test_on_two_replicas_it_moves_as_on_one() -> None:
    """Ramp, decay and constraint included. In a process of its own: CPU devices are split."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    difference, spread, norms = json.loads(done.stdout.splitlines()[-1])
    assert difference < 1e-6
    assert spread == 0
    assert norms <= 0.3 + 1e-6


TWO_REPLICAS = """
import json
import keras
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from advnets.networks import NetworkContext
from advnets.networks.maxout import maxout
from advnets.optimizers import FlooredDecay, Momentum

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
data = np.random.default_rng(0).normal(size=(6, 8, 4)).astype("float32")


def build():
    context = NetworkContext("discriminator", (4,), seed=1)
    model = maxout(context, layers=[3], pieces=2, max_col_norm=0.3)
    rate = FlooredDecay(0.1, 1.1, 0.01)
    optimizer = Momentum(rate, start=0.5, final=0.9, epochs=3, steps_per_epoch=2)
    optimizer.build(model.trainable_variables)
    return model, optimizer


def step(model, optimizer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(x) - 1)) / 8
    weights = model.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)


one, one_optimizer = build()
for x in data:
    step(one, one_optimizer, x)
with strategy.scope():
    two, two_optimizer = build()


@tf.function
def distributed(x):
    def replica():
        i = tf.distribute.get_replica_context().replica_id_in_sync_group
        step(two, two_optimizer, x[4 * i : 4 * i + 4])

    strategy.run(replica)


for x in data:
    distributed(tf.constant(x))
pairs = list(zip(one.weights + one_optimizer.variables, two.weights + two_optimizer.variables))
difference = max(float(np.abs(a.numpy() - b.numpy()).max()) for a, b in pairs)
spread = max(
    float(np.abs(copy.numpy() - b.numpy()).max()) for _, b in pairs for copy in b.value.values
)
norms = max(float(np.linalg.norm(w.numpy(), axis=0).max()) for w in two.weights if w.constraint)
print(json.dumps([difference, spread, norms]))
"""
