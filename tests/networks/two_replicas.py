"""DCGAN's players on two replicas. Run by test_dcgan.py."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from advnets.game import AdversarialGame, NonSaturating
from advnets.networks import NetworkContext
from advnets.networks.dcgan import dcgan

SHAPE, LATENT, ROUNDS = (8, 8, 1), 4, 3
# The two halves differ, so that the statistics of a half are not those of the whole.
DATA = np.random.default_rng(0).normal(size=(8, *SHAPE)).astype("float32")
DATA[4:] = 0.2 * DATA[4:] + 0.5


def play(strategy: tf.distribute.Strategy, **options: Any) -> list[np.ndarray]:
    """All variables after a few rounds on the same eight examples, then D's loss."""
    with strategy.scope():
        contexts = (
            NetworkContext("generator", (LATENT,), SHAPE, seed=1),
            NetworkContext("discriminator", SHAPE, seed=1),
        )
        players = [dcgan(c, channels=3, stages=2, stddev=0.2, **options) for c in contexts]
        game = AdversarialGame(*players, loss=NonSaturating(), seed=1)
        game.compile(keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05))
    each = len(DATA) // strategy.num_replicas_in_sync

    def one_round() -> dict[str, tf.Tensor]:
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        return game.train_step(tf.gather(DATA, index * each + tf.range(each)))

    step = tf.function(lambda: strategy.run(one_round), autograph=False)
    for _ in range(ROUNDS):
        logs = step()
    for variable in game.variables:
        copies = [np.asarray(v) for v in strategy.experimental_local_results(variable.value)]
        for copy in copies[1:]:
            np.testing.assert_array_equal(copy, copies[0], err_msg=f"{variable.path} differs")
    loss = strategy.experimental_local_results(logs["d_loss"])[0]
    return [v.numpy() for player in players for v in player.variables] + [np.asarray(loss)]


def check() -> None:
    """Two replicas do what one does, if batch statistics are synchronized."""
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    one = play(tf.distribute.get_strategy(), synchronized=True)
    two = play(mirrored, synchronized=True)
    alone = play(mirrored, synchronized=False)
    worst = [np.abs(a - b).max() for a, b in zip(one, two, strict=True)]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4)
    other = max(np.abs(a - b).max() for a, b in zip(one, alone, strict=True))
    assert other > 100 * max(worst), f"statistics of halves made no difference: {other}, {worst}"
    print(f"largest difference {max(worst):.1e}, unsynchronized {other:.1e}")


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    check()
