"""A game on one replica and on two, through Keras's methods: run by test_networks."""

import keras
import numpy as np
import tensorflow as tf

from advnets.game import R1, AdversarialGame

X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
Z = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")


def game():
    weights = keras.initializers.GlorotUniform(1)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "tanh", kernel_initializer=weights, kernel_regularizer="l2"),
            keras.layers.Dense(2, kernel_initializer=weights),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(4, "tanh", kernel_initializer=weights, activity_regularizer="l2"),
            keras.layers.Dense(1, kernel_initializer=weights, kernel_regularizer="l1"),
        ]
    )
    made = AdversarialGame(generator, discriminator, penalties=[R1(0.1)], seed=2)
    made.compile(keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.01), steps_per_execution=3)
    return made


def results(made):
    fitted = made.fit(X, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    judged = made.evaluate(X, batch_size=8, verbose=0, return_dict=True)
    return [
        *(np.array(values) for _, values in sorted(fitted.items())),
        *(np.array(value) for _, value in sorted(judged.items())),
        made.predict(Z, batch_size=2, verbose=0),
        *(np.array(value) for value in made.get_weights()),
    ]


def masks():
    """What Keras's Dropout keeps on each replica."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        drop = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(0.5, seed=1)])
        judge = keras.Sequential([keras.Input((64,)), drop, keras.layers.Dense(1)])
        maker = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64)])
        AdversarialGame(maker, judge)
    call = tf.function(lambda: drop(tf.ones([1, 64]), training=True))
    return [v.numpy() for v in strategy.experimental_local_results(strategy.run(call))]


def main():
    alone = results(game())
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        both = game()
    for one, two in zip(alone, results(both), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    first, second = masks()
    assert (first != second).any()
    print("the same")


if __name__ == "__main__":  # a module that doctests are looked for in is imported
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    main()
