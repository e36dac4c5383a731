"""TF-GAN 2.1: ``gan_model``, ``gan_loss``, ``gan_train_ops`` and sequential training hooks.

It needs TensorFlow 2.15 and an environment of its own. ``inspect.getargspec``, gone since
Python 3.11, is put back for it. The networks are ``tf.layers``, the data a ``tf.data`` iterator,
and the loop is the one of ``tfgan.gan_train``: one ``session.run`` of the step counter, whose
hooks run G's and D's steps.

What differs: G moves before D in a round, as its hooks have it; D judges real and generated
examples in two calls, as ``gan_model`` does; momentum is TensorFlow 1's, with a constant
coefficient, and its learning rate multiplies the velocity.
"""

from __future__ import annotations

import inspect
import math
from collections import namedtuple
from typing import Any

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(function: Any) -> ArgSpec:
    """What Python's ``inspect`` had until 3.10."""
    full = inspect.getfullargspec(function)
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


inspect.getargspec = getargspec  # type: ignore[attr-defined]

import numpy as np
import tensorflow as tf
import tensorflow_gan as tfgan

from .. import data
from ..cases import dcgan, mnist, ring
from ..cases.game import Adam, Game
from .contestant import Contestant

v1 = tf.compat.v1
layers = v1.layers


def build(game: Game) -> Contestant:
    """The game as TF-GAN plays it."""
    v1.disable_eager_execution()
    generator, discriminator = _networks(game)
    model = tfgan.gan_model(
        generator_fn=generator,
        discriminator_fn=lambda x, _: discriminator(x),
        real_data=_examples(game),
        generator_inputs=_latents(game),
    )
    loss = _loss(game, model)
    operations = tfgan.gan_train_ops(model, loss, _optimizer(game), _optimizer(game))
    steps = tfgan.GANTrainSteps(1, game.steps)
    session = v1.train.MonitoredTrainingSession(
        hooks=tfgan.get_sequential_train_hooks(steps)(operations),
        save_checkpoint_secs=None,
        save_summaries_steps=None,
        log_step_count_steps=None,
    )

    def play(rounds: int) -> None:
        for _ in range(rounds):
            session.run(operations.global_step_inc_op)

    def losses() -> tuple[float, float]:
        fetched = session.run([loss.discriminator_loss, loss.generator_loss])
        return float(fetched[0]), float(fetched[1])

    sizes = [
        sum(math.prod(w.shape.as_list()) for w in variables)
        for variables in (model.generator_variables, model.discriminator_variables)
    ]
    return Contestant(
        play,
        (sizes[0], sizes[1]),
        losses,
        version=f"{tfgan.__version__}, TensorFlow {tf.__version__}",
    )


def _loss(game: Game, model: Any) -> Any:
    if game.loss == "wasserstein":
        return tfgan.gan_loss(
            model,
            generator_loss_fn=tfgan.losses.wasserstein_generator_loss,
            discriminator_loss_fn=tfgan.losses.wasserstein_discriminator_loss,
            gradient_penalty_weight=game.penalty or None,
            add_summaries=False,
        )
    loss = tfgan.gan_loss(
        model,
        generator_loss_fn=tfgan.losses.modified_generator_loss,
        discriminator_loss_fn=lambda m, **options: tfgan.losses.modified_discriminator_loss(
            m, label_smoothing=0.0, **options
        ),
        add_summaries=False,
    )
    return loss._replace(discriminator_loss=game.discriminator_weight * loss.discriminator_loss)


def _optimizer(game: Game) -> Any:
    optimizer = game.optimizer
    if isinstance(optimizer, Adam):
        return v1.train.AdamOptimizer(
            optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
        )
    step = tf.cast(v1.train.get_or_create_global_step(), tf.float32)
    rate = optimizer.learning_rate * tf.exp(-step * math.log(optimizer.decay))
    return v1.train.MomentumOptimizer(tf.maximum(rate, optimizer.minimum), optimizer.start)


def _latents(game: Game) -> Any:
    shape = [game.batch, game.latent]
    if game.prior == "gaussian":
        return tf.random.normal(shape)
    return tf.random.uniform(shape, -math.sqrt(3), math.sqrt(3))


def _examples(game: Game) -> Any:
    examples = data.load(game.data)
    if game.networks != "dcgan":
        examples = examples.reshape(len(examples), -1)
    dataset = tf.data.Dataset.from_tensor_slices(examples).shuffle(1024).repeat()
    dataset = dataset.batch(game.batch, drop_remainder=True)

    def scaled(x: Any) -> Any:
        x = tf.cast(x, tf.float32) / 255
        return x * 2 - 1 if game.networks == "dcgan" else x

    if examples.dtype == np.uint8:
        dataset = dataset.map(scaled, num_parallel_calls=tf.data.AUTOTUNE)
    iterator = v1.data.make_initializable_iterator(dataset.prefetch(tf.data.AUTOTUNE))
    v1.add_to_collection(v1.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
    return iterator.get_next()


def _networks(game: Game) -> tuple[Any, Any]:
    """G and D as functions that make layers in the enclosing variable scope."""
    return {"maxout": _maxout, "mlp": _mlp, "dcgan": _dcgan}[game.networks](game)


def _maxout(game: Game) -> tuple[Any, Any]:
    def start(irange: float) -> dict[str, Any]:
        return {"kernel_initializer": v1.initializers.random_uniform(-irange, irange)}

    def generator(z: Any) -> Any:
        for index, units in enumerate(mnist.GENERATOR):
            z = layers.dense(z, units, tf.nn.relu, name=f"hidden_{index}", **start(0.05))
        return layers.dense(z, math.prod(game.shape), tf.sigmoid, name="output", **start(0.05))

    def discriminator(x: Any) -> Any:
        for index, units in enumerate(mnist.MAXOUT):
            x = tf.nn.dropout(x, mnist.DROPOUT[index])
            x = layers.dense(x, units * mnist.PIECES, name=f"maxout_{index}", **start(0.005))
            x = tf.reduce_max(tf.reshape(x, [-1, mnist.PIECES, units]), axis=1)
        x = tf.nn.dropout(x, mnist.DROPOUT[-1])
        return layers.dense(x, 1, name="output", **start(0.005))

    return generator, discriminator


def _mlp(game: Game) -> tuple[Any, Any]:
    def perceptron(outputs: int) -> Any:
        def apply(x: Any) -> Any:
            for index, units in enumerate(ring.HIDDEN):
                x = layers.dense(x, units, tf.nn.relu, name=f"hidden_{index}")
            return layers.dense(x, outputs, name="output")

        return apply

    return perceptron(game.shape[0]), perceptron(1)


def _dcgan(game: Game) -> tuple[Any, Any]:
    low, middle, high = dcgan.CHANNELS
    size = game.shape[0] // 8
    shared = {
        "kernel_size": dcgan.KERNEL,
        "strides": 2,
        "padding": "same",
        "use_bias": False,
        "kernel_initializer": v1.initializers.random_normal(stddev=0.02),
    }

    def norm(x: Any, index: int) -> Any:
        return layers.batch_normalization(x, training=True, name=f"norm_{index}")

    def generator(z: Any) -> Any:
        x = layers.dense(z, size * size * high, use_bias=False, name="project")
        x = tf.reshape(tf.nn.relu(norm(x, 0)), [-1, size, size, high])
        for index, channels in ((1, middle), (2, low)):
            x = layers.conv2d_transpose(x, channels, name=f"up_{index}", **shared)
            x = tf.nn.relu(norm(x, index))
        return layers.conv2d_transpose(x, game.shape[-1], activation=tf.tanh, name="up_3", **shared)

    def discriminator(x: Any) -> Any:
        x = tf.nn.leaky_relu(layers.conv2d(x, low, name="down_0", **shared), dcgan.SLOPE)
        for index, channels in ((1, middle), (2, high)):
            x = layers.conv2d(x, channels, name=f"down_{index}", **shared)
            x = tf.nn.leaky_relu(norm(x, index), dcgan.SLOPE)
        return layers.dense(layers.flatten(x), 1, use_bias=False, name="output")

    return generator, discriminator
