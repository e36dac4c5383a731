"""Build and train a small classifier, as a pure function of data, labels and a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

DIMENSIONS = 128
"""Units of the penultimate layer: the features."""
CHANNELS, MOST_CHANNELS = 32, 128
SMALLEST_MAP = 7
BATCH = 128
LEARNING_RATE = 2e-3


def build(shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Build the network: standardised examples ``[n, *shape]`` to features and logits.

    Images: stages of a 3×3 convolution (32, 64, 128, 128, … channels), ReLU, and the greatest
    of 2×2, until the map is at most 7 wide or high. Vectors: a layer of 128 units, ReLU. Then,
    for both, the penultimate layer of 128 units, ReLU, and the logits.

    Args:
        shape: Of an example.
        classes: How many there are.
        seed: Of the initial weights.
    """
    seeds = iter(range(1000 * seed, 1000 * seed + 1000))

    def start() -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=next(seeds))

    inputs = keras.Input(shape, dtype="float32")
    x = inputs
    if len(shape) == 3:
        channels = CHANNELS
        while min(x.shape[1:3]) > SMALLEST_MAP:
            x = keras.layers.Conv2D(
                channels, 3, padding="same", activation="relu",
                kernel_initializer=start(), dtype="float32",
            )(x)  # fmt: skip
            x = keras.layers.MaxPooling2D(dtype="float32")(x)
            channels = min(2 * channels, MOST_CHANNELS)
    x = keras.layers.Flatten(dtype="float32")(x)
    for _ in range(1 if len(shape) == 3 else 2):
        x = keras.layers.Dense(
            DIMENSIONS, "relu", kernel_initializer=start(), dtype="float32"
        )(x)  # fmt: skip
    logits = keras.layers.Dense(classes, kernel_initializer=start(), dtype="float32")(x)
    return keras.Model(inputs, [x, logits], name="classifier")


def train(
    network: keras.Model,
    take: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    count: int,
    steps: int,
    seed: int,
) -> None:
    """Minimise the mean cross-entropy by Adam, at a rate that falls to 0 along a cosine.

    It runs on the CPU, whatever devices there are: so the weights are the same every time, to
    the bit, on CPUs of one kind with the same number of threads.

    Args:
        network: Made by :func:`build`.
        take: Indices ``[n]`` → standardised examples, float32, and labels, int64 ``[n]``.
        count: How many examples there are.
        steps: Steps, of 128 examples each; every epoch goes through all in an order of its own.
        seed: Of those orders.
    """
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps))
    with tf.device("CPU:0"):
        optimizer.build(network.trainable_variables)

        def step(examples: tf.Tensor, labels: tf.Tensor) -> None:
            with tf.GradientTape() as tape:
                _, logits = network(examples, training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)

        compiled = tf.function(step, autograph=False, reduce_retracing=True)
        for indices in batches(count, min(BATCH, count), steps, seed):
            compiled(*map(tf.constant, take(indices)))


def batches(count: int, batch: int, steps: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the indices of each step's examples, in every epoch all of them but a last part.

    >>> [sorted(indices.tolist()) for indices in batches(4, 4, 2, seed=0)]
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    per_epoch = count // batch
    for step in range(steps):
        epoch, index = divmod(step, per_epoch)
        if index == 0:
            bits = np.random.Philox(key=[seed, epoch]).random_raw(count)
            order = np.argsort(bits, kind="stable")
        yield order[index * batch : (index + 1) * batch]
