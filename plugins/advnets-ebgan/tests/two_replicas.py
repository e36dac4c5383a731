"""EBGAN-PT on two replicas. Run by test_pulling_away.py, once for each of its functions:
TensorFlow's collective operations take one mirrored strategy per process."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from advnets_ebgan.autoencoder import autoencoder
from advnets_ebgan.margin import EbganMargin
from advnets_ebgan.pulling_away import PullingAway

import advnets
from advnets.game import AdversarialGame
from advnets.networks import NetworkContext

SMALL = {
    "dataset": {"name": "digits", "preprocess": "symmetric"},
    "generator.layers": [16],
    "discriminator.encoder": [16, 8],
    "training": {"steps": 3, "batch_size": 20},
    "distribution.strategy": "mirrored",
}
DATA = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")


def play(strategy: tf.distribute.Strategy, weight: float) -> list[np.ndarray]:
    """The generator's weights after two rounds on the same eight examples."""
    with strategy.scope():
        start = keras.initializers.GlorotUniform(1)
        game = AdversarialGame(
            keras.Sequential(
                [keras.Input((3,)), keras.layers.Dense(6, "tanh", kernel_initializer=start)]
            ),
            # Without batch normalisation, whose statistics are each replica's own.
            autoencoder(NetworkContext("discriminator", (6,)), encoder=[7, 5], batch_norm="none"),
            loss=EbganMargin(1.0),
            penalties=[PullingAway(weight)],
        )
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    replicas = strategy.num_replicas_in_sync
    each = len(DATA) // replicas

    def one_round() -> dict[str, tf.Tensor]:
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        return game.train_step(tf.gather(DATA, index * each + tf.range(each)))

    step = tf.function(lambda: strategy.run(one_round))
    for _ in range(2):
        logs = step()
    loss = [float(v) for v in strategy.experimental_local_results(logs["g_loss"])]
    return [*game.generator.get_weights(), np.array(loss[:1])]


def same_round(_: Path) -> None:
    """The cosines of a replica's half batch among themselves would give another term than
    those of the whole batch, so this fails without gathering."""
    one = play(tf.distribute.get_strategy(), weight=5.0)
    two = play(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), weight=5.0)
    without = play(tf.distribute.get_strategy(), weight=0.0)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert np.abs(one[0] - without[0]).max() > 1e-2, "the term moved nothing: the test is void"


def recipe(folder: Path) -> None:
    """The shipped recipe, with batch normalisation in both players, for a moment."""
    run = advnets.run("ebgan_pt_mnist", SMALL, folder / "run")
    assert run.manifest["status"] == "finished"
    assert run.sample(3)[0].shape == (3, 8, 8, 1)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    {"same_round": same_round, "recipe": recipe}[sys.argv[1]](Path(sys.argv[2]))
