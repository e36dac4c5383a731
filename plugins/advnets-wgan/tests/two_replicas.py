"""WGAN on two replicas. Run by test_gradient_penalty.py."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from advnets_wgan.clipping import ClippedRMSprop
from advnets_wgan.gradient_penalty import GradientPenalty
from advnets_wgan.wasserstein import Wasserstein

from advnets.game import AdversarialGame, Alternating

K = 2
DATA = np.random.default_rng(0).normal(size=(K * 8, 6)).astype("float32")


def network(inputs: int, outputs: int, seed: int) -> keras.Model:
    start = [keras.initializers.GlorotUniform(seed + i) for i in range(2)]
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(7, "tanh", kernel_initializer=start[0]),
            keras.layers.Dense(outputs, kernel_initializer=start[1]),
        ]
    )


def play(strategy: tf.distribute.Strategy, weight: float, clip: float) -> list[np.ndarray]:
    """Both players' weights after two rounds of two critic steps on the same examples."""
    with strategy.scope():
        game = AdversarialGame(
            network(3, 6, 1),
            network(6, 1, 5),
            loss=Wasserstein(),
            penalties=[GradientPenalty(weight)],
            updates=Alternating(K),
        )
        game.compile(keras.optimizers.SGD(0.1), ClippedRMSprop(0.1, clip=clip))
    replicas = strategy.num_replicas_in_sync
    each = len(DATA) // K // replicas

    def one_round() -> dict[str, tf.Tensor]:
        # Each replica's part of the first step's batch, then of the second's.
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        parts = tf.reshape(DATA, [K, replicas, each, 6])[:, index]
        return game.train_step(tf.reshape(parts, [K * each, 6]))

    step = tf.function(lambda: strategy.run(one_round), autograph=False)
    for _ in range(2):
        logs = step()
    loss = [float(v) for v in strategy.experimental_local_results(logs["d_loss"])]
    return [
        *game.generator.get_weights(),
        *game.discriminator.get_weights(),
        np.array(loss[:1]),
    ]


def same_rounds() -> None:
    """Each example has its own ε whichever replica it is on, and weights are clipped on both."""
    one = play(tf.distribute.get_strategy(), 10.0, clip=0.3)
    two = play(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), 10.0, clip=0.3)
    without = play(tf.distribute.get_strategy(), 0.0, clip=0.3)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert max(np.abs(w).max() for w in two[4:8]) <= np.float32(0.3)
    moved = max(np.abs(a - b).max() for a, b in zip(one, without, strict=True))
    assert moved > 1e-2, "the penalty moved nothing: the test is void"


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    same_rounds()
