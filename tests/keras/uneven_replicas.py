"""Fit on one device and on two replicas, with last batches of 5 and 1 examples, and compare."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import R1, AdversarialGame, NonSaturating

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
points = np.random.default_rng(0).normal(size=(13, 2)).astype("float32")


def play(strategy, examples):
    with strategy.scope():
        networks = [
            keras.Sequential(
                [keras.Input((size,)), keras.layers.Dense(out, kernel_initializer=start)]
            )
            for size, out, start in (
                (3, 2, keras.initializers.GlorotUniform(1)),
                (2, 1, keras.initializers.GlorotUniform(2)),
            )
        ]
        game = AdversarialGame(*networks, loss=NonSaturating(), penalties=[R1(0.1)])
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    fitted = game.fit(points[:examples], batch_size=8, shuffle=False, verbose=0)
    return fitted.history, [weight.numpy() for weight in game.weights]


for tail in (5, 1):
    history, weights = play(tf.distribute.get_strategy(), 8 + tail)
    shared, same = play(mirrored, 8 + tail)
    for name, values in history.items():
        np.testing.assert_allclose(shared[name], values, rtol=1e-4, err_msg=name)
    for one, other in zip(weights, same, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    print(tail)
for option in ({"use_ema": True}, {"gradient_accumulation_steps": 2}):
    with mirrored.scope():
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        judge = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        game = AdversarialGame(network, judge)
        with pytest.raises(UsageError, match="on one replica only"):
            game.compile(keras.optimizers.SGD(0.1, **option), "sgd")
print("same")
