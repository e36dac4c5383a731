"""The networks of the cases in plain TensorFlow: variables and operations, no layers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import tensorflow as tf

from ..cases import dcgan, mnist, ring
from ..cases.game import Game

Function = Callable[[tf.Tensor], tf.Tensor]
EPSILON, MOMENTUM = 1e-5, 0.9
"""Of batch normalisation."""


class Network:
    """A function of a batch, and the variables it depends on.

    Args:
        half: Whether products are computed in bfloat16 (from float32 variables).
    """

    def __init__(self, half: bool = False):
        self.half = half
        self.weights: list[tf.Variable] = []
        self.function: Function

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """The last layer's output, float32."""
        return tf.cast(self.function(self._low(x)), tf.float32)

    def _low(self, x: tf.Tensor | tf.Variable) -> tf.Tensor:
        return tf.cast(x, tf.bfloat16) if self.half else tf.convert_to_tensor(x)

    def add(self, shape: list[int], start: str = "glorot", scale: float = 0.0) -> tf.Variable:
        """A new variable: ``glorot`` or ``uniform`` or ``normal`` of ``scale``, or ``constant``."""
        if start == "glorot":
            inputs, outputs = shape[0], shape[-1]
            start, scale = "uniform", math.sqrt(6 / (inputs + outputs))
        if start == "constant":
            value = tf.fill(shape, scale)
        elif start == "uniform":
            value = tf.random.uniform(shape, -scale, scale)
        else:
            value = tf.random.normal(shape, stddev=scale)
        variable = tf.Variable(value)
        self.weights.append(variable)
        return variable

    def linear(self, inputs: int, outputs: int, start: str, scale: float, bias: bool) -> Function:
        """x·W + b."""
        w = self.add([inputs, outputs], start, scale)
        b = self.add([outputs], "constant", 0.0) if bias else None

        def apply(x: tf.Tensor) -> tf.Tensor:
            product = tf.matmul(x, self._low(w))
            return product if b is None else tf.nn.bias_add(product, self._low(b))

        return apply

    def batch_norm(self, channels: int) -> Function:
        """Batch normalisation of images or vectors, with moving averages."""
        gamma = self.add([channels], "constant", 1.0)
        beta = self.add([channels], "constant", 0.0)
        mean = tf.Variable(tf.zeros([channels]), trainable=False)
        variance = tf.Variable(tf.ones([channels]), trainable=False)

        def apply(x: tf.Tensor) -> tf.Tensor:
            maps = x if len(x.shape) == 4 else x[:, None, None, :]
            y, seen_mean, seen_variance = tf.compat.v1.nn.fused_batch_norm(
                maps, gamma, beta, epsilon=EPSILON, is_training=True
            )
            y = tf.reshape(y, x.shape)
            mean.assign_add((1 - MOMENTUM) * (seen_mean - mean))
            variance.assign_add((1 - MOMENTUM) * (seen_variance - variance))
            return y

        return apply

    def down(self, inputs: int, outputs: int) -> Function:
        """A convolution of stride 2."""
        w = self.add([dcgan.KERNEL, dcgan.KERNEL, inputs, outputs], "normal", 0.02)
        return lambda x: tf.nn.conv2d(x, self._low(w), 2, "SAME")

    def up(self, size: int, inputs: int, outputs: int) -> Function:
        """A transposed convolution of stride 2, to ``size`` pixels."""
        w = self.add([dcgan.KERNEL, dcgan.KERNEL, outputs, inputs], "normal", 0.02)

        def apply(x: tf.Tensor) -> tf.Tensor:
            shape = [x.shape[0], size, size, outputs]
            return tf.nn.conv2d_transpose(x, self._low(w), shape, 2, "SAME")

        return apply


def networks(game: Game) -> tuple[Network, Network]:
    """G and D of a game; D's output is ``[N]``."""
    half = game.precision == "mixed_bfloat16"
    generator, discriminator = Network(half), Network(half)
    {"maxout": _maxout, "mlp": _mlp, "dcgan": _dcgan}[game.networks](game, generator, discriminator)
    judge = discriminator.function
    discriminator.function = lambda x: tf.reshape(judge(x), [-1])
    return generator, discriminator


def chain(*functions: Function) -> Function:
    """One after the other."""

    def apply(x: tf.Tensor) -> tf.Tensor:
        for function in functions:
            x = function(x)
        return x

    return apply


def _maxout(game: Game, generator: Network, discriminator: Network) -> None:
    pixels = math.prod(game.shape)
    sizes = (game.latent, *mnist.GENERATOR, pixels)
    one, two, three = (
        generator.linear(a, b, "uniform", 0.05, True) for a, b in itertools.pairwise(sizes)
    )
    generator.function = chain(one, tf.nn.relu, two, tf.nn.relu, three, tf.sigmoid)

    def maxout(inputs: int, units: int) -> Function:
        linear = discriminator.linear(inputs, units * mnist.PIECES, "uniform", 0.005, True)
        return lambda x: tf.reduce_max(tf.reshape(linear(x), [-1, mnist.PIECES, units]), axis=1)

    def drop(rate: float) -> Function:
        return lambda x: tf.nn.dropout(x, rate)

    low, high = mnist.MAXOUT
    discriminator.function = chain(
        drop(mnist.DROPOUT[0]), maxout(pixels, low),
        drop(mnist.DROPOUT[1]), maxout(low, high),
        drop(mnist.DROPOUT[2]), discriminator.linear(high, 1, "uniform", 0.005, True),
    )  # fmt: skip


def _mlp(game: Game, generator: Network, discriminator: Network) -> None:
    first, second = ring.HIDDEN
    for network, inputs, outputs in (
        (generator, game.latent, game.shape[0]),
        (discriminator, game.shape[0], 1),
    ):
        network.function = chain(
            network.linear(inputs, first, "glorot", 0.0, True), tf.nn.relu,
            network.linear(first, second, "glorot", 0.0, True), tf.nn.relu,
            network.linear(second, outputs, "glorot", 0.0, True),
        )  # fmt: skip


def _dcgan(game: Game, generator: Network, discriminator: Network) -> None:
    low, middle, high = dcgan.CHANNELS
    width, _, colours = game.shape
    size = width // 8

    def leaky(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.leaky_relu(x, dcgan.SLOPE)

    g, d = generator, discriminator
    generator.function = chain(
        g.linear(game.latent, size * size * high, "normal", 0.02, False),
        g.batch_norm(size * size * high), tf.nn.relu,
        lambda x: tf.reshape(x, [-1, size, size, high]),
        g.up(2 * size, high, middle), g.batch_norm(middle), tf.nn.relu,
        g.up(4 * size, middle, low), g.batch_norm(low), tf.nn.relu,
        g.up(8 * size, low, colours), tf.tanh,
    )  # fmt: skip
    discriminator.function = chain(
        d.down(colours, low), leaky,
        d.down(low, middle), d.batch_norm(middle), leaky,
        d.down(middle, high), d.batch_norm(high), leaky,
        lambda x: tf.reshape(x, [-1, size * size * high]),
        d.linear(size * size * high, 1, "normal", 0.02, False),
    )  # fmt: skip
