"""Fit on one device and on two replicas, with last batches of 5 and 1 examples: for test_data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import R1, AdversarialGame, NonSaturating


def make(size_in, size_out, seed):
    start = keras.initializers.GlorotUniform(seed)
    layer = keras.layers.Dense(size_out, kernel_initializer=start)
    return keras.Sequential([keras.Input((size_in,)), layer])


def play(strategy, points):
    with strategy.scope():
        options = {"loss": NonSaturating(), "penalties": [R1(0.1)]}
        game = AdversarialGame(make(3, 2, 1), make(2, 1, 2), **options)
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    fitted = game.fit(points, batch_size=8, shuffle=False, verbose=0)
    return fitted.history, [weight.numpy() for weight in game.weights]


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    points = np.random.default_rng(0).normal(size=(13, 2)).astype("float32")
    for tail in (5, 1):
        history, weights = play(tf.distribute.get_strategy(), points[: 8 + tail])
        shared, same = play(mirrored, points[: 8 + tail])
        for name, values in history.items():
            np.testing.assert_allclose(shared[name], values, rtol=1e-4, err_msg=name)
        for one, other in zip(weights, same, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
        print(tail)
    for option in ({"use_ema": True}, {"gradient_accumulation_steps": 2}):
        with mirrored.scope():
            game = AdversarialGame(make(3, 2, 1), make(2, 1, 2))
            with pytest.raises(UsageError, match="on one replica only"):
                game.compile(keras.optimizers.SGD(0.1, **option), "sgd")
    print("same")


if __name__ == "__main__":
    main()
