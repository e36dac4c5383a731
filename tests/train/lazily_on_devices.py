"""Play a lazily penalised, augmented game on some devices, and write what it comes to.

usage: python lazily_on_devices.py DEVICES OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from advnets.game import R1, AdversarialGame, Every, InstanceNoise, NonSaturating


def main() -> None:
    """Play, and write."""
    devices = int(sys.argv[1])
    cpu = tf.config.list_physical_devices("CPU")[0]
    each = [tf.config.LogicalDeviceConfiguration()] * devices
    tf.config.set_logical_device_configuration(cpu, each)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(devices)])
    keras.utils.set_random_seed(1)
    with strategy.scope():
        generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        x = keras.Input((2,))
        hidden = keras.layers.Dense(8, "tanh")(x)
        normal = keras.layers.BatchNormalization(synchronized=True)(hidden)
        joined = keras.layers.Concatenate()([hidden, normal])
        discriminator = keras.Model(x, keras.layers.Dense(1)(joined))
        game = AdversarialGame(
            generator,
            discriminator,
            loss=NonSaturating(),
            penalties=[Every(2, R1(5.0)), R1(0.5)],
            augmentations=[InstanceNoise({"from": 0.3, "to": 0.0, "rounds": 4})],
        )
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    data = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")
    logged = game.fit(data, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    weights = [value.tolist() for value in discriminator.get_weights()]
    found = {"d_loss": logged["d_loss"], "lazy": logged["d_penalties.0"], "weights": weights}
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
