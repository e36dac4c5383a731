"""Keras: a ``train_step`` under ``fit``, as the Keras tutorials write a GAN.

A model holds both networks and both optimizers, the data come from a ``tf.data`` pipeline, one
step is one call, and two metrics are kept. ``compile`` is left at its defaults, which on a CPU
means no XLA. No progress bar.

What differs: the metrics, which the hand-written peers do not keep; dropout comes from Keras's
seed generators. Keras's SGD takes its momentum as a constant, so it stays at the first epoch's
0.5; a tutorial would not let it rise either, and the arithmetic is the same.
"""

from __future__ import annotations

import math
import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .. import data
from ..cases import dcgan, mnist, ring
from ..cases.game import Adam, Game, Momentum
from .contestant import Contestant


class Maxout(layers.Dense):
    """The largest of several linear functions, for each unit."""

    def __init__(self, units: int, pieces: int, **options: Any):
        super().__init__(units * pieces, **options)
        self.shape = (pieces, units)

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        return tf.reduce_max(tf.reshape(super().call(x), [-1, *self.shape]), axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.shape[1])


class Gan(keras.Model):
    """Both players, and how they move."""

    def __init__(self, game: Game, generator: keras.Model, discriminator: keras.Model):
        super().__init__()
        self.game, self.generator, self.discriminator = game, generator, discriminator
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [self.d_loss_tracker, self.g_loss_tracker]

    def train_step(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        if self.game.updates == "simultaneous":
            d_loss, g_loss = self._simultaneous(real)
        else:
            d_loss, g_loss = self._alternate(real)
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}

    def _alternate(self, real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        d_loss = tf.zeros([])
        for x in tf.split(real, self.game.steps):
            fake = self.generator(self._latents(), training=True)
            with tf.GradientTape() as tape:
                d_loss = self._d(*self._judge(x, fake))
                if self.game.penalty:
                    d_loss += self.game.penalty * self._penalty(x, fake)
            self._move(tape, d_loss, self.discriminator, self.d_optimizer)
        with tf.GradientTape() as tape:
            fake = self.generator(self._latents(), training=True)
            g_loss = self._g(self.discriminator(fake, training=True))
        self._move(tape, g_loss, self.generator, self.g_optimizer)
        return d_loss, g_loss

    def _simultaneous(self, real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator(self._latents(), training=True)
            logits = self.discriminator(fake, training=True)
            d_loss = self._d(self.discriminator(real, training=True), logits)
            g_loss = self._g(logits)
        d_gradients = tape.gradient(d_loss, self.discriminator.trainable_weights)
        g_gradients = tape.gradient(g_loss, self.generator.trainable_weights)
        self.d_optimizer.apply(d_gradients, self.discriminator.trainable_weights)
        self.g_optimizer.apply(g_gradients, self.generator.trainable_weights)
        return d_loss, g_loss

    def _move(self, tape: Any, loss: tf.Tensor, player: keras.Model, optimizer: Any) -> None:
        gradients = tape.gradient(loss, player.trainable_weights)
        optimizer.apply(gradients, player.trainable_weights)

    def _judge(self, x: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if not self.game.joint:
            real = self.discriminator(x, training=True)
            return real, self.discriminator(fake, training=True)
        real, generated = tf.split(self.discriminator(tf.concat([x, fake], 0), training=True), 2)
        return real, generated

    def _d(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        if self.game.loss == "wasserstein":
            return tf.reduce_mean(fake) - tf.reduce_mean(real)
        both = tf.nn.softplus(-real) + tf.nn.softplus(fake)
        return self.game.discriminator_weight * tf.reduce_mean(both)

    def _g(self, fake: tf.Tensor) -> tf.Tensor:
        if self.game.loss == "wasserstein":
            return -tf.reduce_mean(fake)
        return tf.reduce_mean(tf.nn.softplus(-fake))

    def _penalty(self, x: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        between = fake + tf.random.uniform([self.game.batch, 1]) * (x - fake)
        with tf.GradientTape() as tape:
            tape.watch(between)
            judged = self.discriminator(between, training=True)
        slope = tf.norm(tape.gradient(judged, between), axis=1)
        return tf.reduce_mean(tf.square(slope - 1))

    def _latents(self) -> tf.Tensor:
        shape = (self.game.batch, self.game.latent)
        if self.game.prior == "gaussian":
            return tf.random.normal(shape)
        return tf.random.uniform(shape, -math.sqrt(3), math.sqrt(3))


class Decay(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of the recipe."""

    def __init__(self, momentum: Momentum):
        self.momentum = momentum

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        fallen = tf.exp(-tf.cast(step, tf.float32) * math.log(self.momentum.decay))
        return tf.maximum(self.momentum.learning_rate * fallen, self.momentum.minimum)


def _optimizer(game: Game) -> keras.optimizers.Optimizer:
    optimizer = game.optimizer
    if isinstance(optimizer, Adam):
        return keras.optimizers.Adam(
            optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
        )
    return keras.optimizers.SGD(Decay(optimizer), momentum=optimizer.start)


def networks(game: Game) -> tuple[keras.Model, keras.Model]:
    """G and D of a game; D's output is float32 ``[N, 1]``."""
    generator, discriminator = {"maxout": _maxout, "mlp": _mlp, "dcgan": _dcgan}[game.networks](
        game
    )
    for network in (generator, discriminator):  # what mixed precision asks for
        network.add(layers.Activation("linear", dtype="float32"))
    return generator, discriminator


def _maxout(game: Game) -> tuple[keras.Sequential, keras.Sequential]:
    def start(irange: float) -> dict[str, Any]:
        return {"kernel_initializer": keras.initializers.RandomUniform(-irange, irange)}

    pixels = math.prod(game.shape)
    generator = keras.Sequential([keras.Input((game.latent,))])
    for units in mnist.GENERATOR:
        generator.add(layers.Dense(units, "relu", **start(0.05)))
    generator.add(layers.Dense(pixels, "sigmoid", **start(0.05)))
    discriminator = keras.Sequential([keras.Input((pixels,))])
    for rate, units in zip(mnist.DROPOUT, mnist.MAXOUT, strict=False):
        discriminator.add(layers.Dropout(rate))
        discriminator.add(Maxout(units, mnist.PIECES, **start(0.005)))
    discriminator.add(layers.Dropout(mnist.DROPOUT[-1]))
    discriminator.add(layers.Dense(1, **start(0.005)))
    return generator, discriminator


def _mlp(game: Game) -> tuple[keras.Sequential, keras.Sequential]:
    def perceptron(inputs: int, outputs: int) -> keras.Sequential:
        hidden = [layers.Dense(units, "relu") for units in ring.HIDDEN]
        return keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(outputs)])

    return perceptron(game.latent, game.shape[0]), perceptron(game.shape[0], 1)


def _dcgan(game: Game) -> tuple[keras.Sequential, keras.Sequential]:
    low, middle, high = dcgan.CHANNELS
    size = game.shape[0] // 8
    shared = {
        "kernel_size": dcgan.KERNEL,
        "strides": 2,
        "padding": "same",
        "use_bias": False,
        "kernel_initializer": keras.initializers.RandomNormal(stddev=0.02),
    }
    generator = keras.Sequential(
        [
            keras.Input((game.latent,)),
            layers.Dense(size * size * high, use_bias=False),
            layers.BatchNormalization(), layers.ReLU(),
            layers.Reshape((size, size, high)),
            layers.Conv2DTranspose(middle, **shared), layers.BatchNormalization(), layers.ReLU(),
            layers.Conv2DTranspose(low, **shared), layers.BatchNormalization(), layers.ReLU(),
            layers.Conv2DTranspose(game.shape[-1], activation="tanh", **shared),
        ]
    )  # fmt: skip
    discriminator = keras.Sequential(
        [
            keras.Input(game.shape),
            layers.Conv2D(low, **shared), layers.LeakyReLU(negative_slope=dcgan.SLOPE),
            layers.Conv2D(middle, **shared),
            layers.BatchNormalization(), layers.LeakyReLU(negative_slope=dcgan.SLOPE),
            layers.Conv2D(high, **shared),
            layers.BatchNormalization(), layers.LeakyReLU(negative_slope=dcgan.SLOPE),
            layers.Flatten(), layers.Dense(1, use_bias=False),
        ]
    )  # fmt: skip
    return generator, discriminator


def _pipeline(game: Game) -> tf.data.Dataset:
    examples = data.load(game.data)
    if game.networks != "dcgan":
        examples = examples.reshape(len(examples), -1)

    def scaled(x: tf.Tensor) -> tf.Tensor:
        x = tf.cast(x, tf.float32) / 255
        return x * 2 - 1 if game.networks == "dcgan" else x

    dataset = tf.data.Dataset.from_tensor_slices(examples).shuffle(1024).repeat()
    dataset = dataset.batch(game.batch * game.steps, drop_remainder=True)
    if examples.dtype == np.uint8:
        dataset = dataset.map(scaled, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def build(game: Game) -> Contestant:
    """The game as the Keras tutorials write one."""
    if game.precision != "float32":
        keras.mixed_precision.set_global_policy(game.precision)
    gan = Gan(game, *networks(game))
    gan.compile(_optimizer(game), _optimizer(game))
    dataset = _pipeline(game)
    last: dict[str, float] = {}

    def play(rounds: int) -> None:
        history = gan.fit(dataset, steps_per_epoch=rounds, epochs=1, verbose=0)
        last.update({name: values[-1] for name, values in history.history.items()})

    sizes = [
        sum(math.prod(w.shape) for w in network.trainable_weights)
        for network in (gan.generator, gan.discriminator)
    ]
    return Contestant(
        play,
        (sizes[0], sizes[1]),
        lambda: (last["d_loss"], last["g_loss"]),
        # One call of fit per turn: an epoch of a user's run is longer than half a second.
        call_seconds=3600.0,
        version=f"{keras.__version__}, TensorFlow {tf.__version__}",
    )
