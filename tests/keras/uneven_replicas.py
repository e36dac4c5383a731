"""Fit on one device and on two replicas, with last batches of 5 and 1 examples: for test_data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import R1, AdversarialGame, NonSaturating, Penalty


def make(size_in, size_out, seed):
    start = keras.initializers.GlorotUniform(seed)
    layer = keras.layers.Dense(size_out, kernel_initializer=start)
    return keras.Sequential([keras.Input((size_in,)), layer])


class Near(Penalty):
    """(C(x) − 1)² on a stream, whose batches replicas share unevenly."""

    once, streams = True, ("more",)

    def __call__(self, play):
        return (play.judge(play.batch.streams["more"].side()).logits - 1.0) ** 2


def play(strategy, points, more=None):
    with strategy.scope():
        options = {"loss": NonSaturating(), "penalties": [R1(0.1), *([Near()] if more else [])]}
        game = AdversarialGame(make(3, 2, 1), make(2, 1, 2), **options)
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    if more:
        parts = {"example": points, "more": points + 1.0}
        batched = {n: tf.data.Dataset.from_tensor_slices(parts[n]) for n in parts}
        points = tf.data.Dataset.zip({n: batched[n].batch({"more": more}.get(n, 8)) for n in parts})
    fitted = game.fit(points, batch_size=8, shuffle=False, verbose=0)
    return fitted.history, [weight.numpy() for weight in game.weights]


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    points = np.random.default_rng(0).normal(size=(13, 2)).astype("float32")
    for tail, more in ((5, None), (1, None), (5, 3)):
        history, weights = play(tf.distribute.get_strategy(), points[: 8 + tail], more)
        shared, same = play(mirrored, points[: 8 + tail], more)
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
