"""The average loss on two replicas. Run by test_losses.py."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from advnets_relativistic.average import RelativisticAverage

from advnets.game import AdversarialGame

# The halves differ, so that a replica's mean is far from that of the whole batch.
DATA = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
DATA[4:] += 3.0


class OwnMeans(RelativisticAverage):
    """With the means of each replica's own part of the batch."""

    def discriminator(self, real, fake):
        return tf.math.softplus(tf.reduce_mean(fake.logits) - real.logits) + tf.math.softplus(
            fake.logits - tf.reduce_mean(real.logits)
        )


def network(inputs: int, outputs: int, seed: int) -> keras.Model:
    start = [keras.initializers.GlorotUniform(seed + i) for i in range(2)]
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(7, "tanh", kernel_initializer=start[0]),
            keras.layers.Dense(outputs, kernel_initializer=start[1]),
        ]
    )


def play(strategy: tf.distribute.Strategy, loss: RelativisticAverage) -> list[np.ndarray]:
    """Both players' weights, and D's last loss, after three rounds on the same examples."""
    with strategy.scope():
        game = AdversarialGame(network(3, 6, 1), network(6, 1, 5), loss=loss)
        game.compile(keras.optimizers.SGD(0.3), keras.optimizers.SGD(0.3))
    each = len(DATA) // strategy.num_replicas_in_sync

    def one_round() -> dict[str, tf.Tensor]:
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        return game.train_step(tf.gather(DATA, index * each + tf.range(each)))

    step = tf.function(lambda: strategy.run(one_round), autograph=False)
    for _ in range(3):
        logs = step()
    last = float(strategy.experimental_local_results(logs["d_loss"])[0])
    return [*game.generator.get_weights(), *game.discriminator.get_weights(), np.array(last)]


def apart(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    one = play(tf.distribute.get_strategy(), RelativisticAverage())
    two = play(mirrored, RelativisticAverage())
    own = play(mirrored, OwnMeans())
    print(f"global means: {apart(one, two):.1e}; own means: {apart(one, own):.1e}")
    assert apart(one, two) < 1e-5
    assert apart(one, own) > 1e-2, "the means do not matter: the test is void"
