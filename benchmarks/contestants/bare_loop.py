"""A bare ``tf.function`` loop, written by hand for one game: the floor of advnets' overhead.

Plain variables and operations, TensorFlow's fused optimizer kernels, data in memory, many
rounds per call. It logs nothing, keeps no averages, and cannot be resumed.

What differs: examples are drawn with replacement rather than by epoch, which costs less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from .. import data
from ..cases.game import Adam, Game, Momentum
from .bare_networks import Network, networks
from .contestant import Contestant


class Bare:
    """One game, written by hand.

    Args:
        game: The case.
        jit: Whether XLA compiles the whole loop.
    """

    def __init__(self, game: Game, jit: bool = False):
        self.game = game
        self.generator, self.discriminator = networks(game)
        stored = data.load(game.data)
        if game.networks != "dcgan":
            stored = stored.reshape(len(stored), -1)
        self.stored = tf.constant(stored)
        self.rounds = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.moves = {
            network: Moves(network.weights, game)
            for network in (self.generator, self.discriminator)
        }
        self.losses = tf.Variable([0.0, 0.0], trainable=False)
        self.loop = tf.function(
            self._loop,
            input_signature=[tf.TensorSpec([], tf.int64)],
            autograph=False,
            jit_compile=jit,
        )

    def play(self, rounds: int) -> None:
        """Play that many rounds."""
        self.loop(tf.constant(rounds, tf.int64))
        self.losses.numpy()

    def _loop(self, rounds: tf.Tensor) -> None:
        play = self._alternate if self.game.updates == "alternating" else self._simultaneous

        def body(done: tf.Tensor) -> tuple[tf.Tensor]:
            self.losses.assign(tf.stack(play()))
            self.rounds.assign_add(1)
            return (done + 1,)

        # Not a loop over tf.range, which XLA would compile anew for every number of rounds.
        tf.while_loop(lambda done: done < rounds, body, (tf.constant(0, tf.int64),))

    def _alternate(self) -> tuple[tf.Tensor, tf.Tensor]:
        d_loss = tf.zeros([])
        for _ in range(self.game.steps):
            x = self._examples()
            fake = self.generator(self._latents())
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(self.discriminator.weights)
                d_loss = self._d(*self._judge(x, fake))
                if self.game.penalty:
                    d_loss += self.game.penalty * self._penalty(x, fake)
            self._move(self.discriminator, tape, d_loss)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.generator.weights)
            g_loss = self._g(self.discriminator(self.generator(self._latents())))
        self._move(self.generator, tape, g_loss)
        return d_loss, g_loss

    def _simultaneous(self) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(self.generator.weights + self.discriminator.weights)
            fake = self.discriminator(self.generator(self._latents()))
            d_loss, g_loss = self._d(self.discriminator(self._examples()), fake), self._g(fake)
        d_gradients = tape.gradient(d_loss, self.discriminator.weights)
        g_gradients = tape.gradient(g_loss, self.generator.weights)
        self.moves[self.discriminator].apply(d_gradients, self.rounds)
        self.moves[self.generator].apply(g_gradients, self.rounds)
        return d_loss, g_loss

    def _move(self, player: Network, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        self.moves[player].apply(tape.gradient(loss, player.weights), self.rounds)

    def _judge(self, x: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if not self.game.joint:
            return self.discriminator(x), self.discriminator(fake)
        real, generated = tf.split(self.discriminator(tf.concat([x, fake], 0)), 2)
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
        share = tf.random.uniform([self.game.batch, 1])
        between = fake + share * (x - fake)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(between)
            judged = self.discriminator(between)
        slope = tf.norm(tape.gradient(judged, between), axis=1)
        return tf.reduce_mean(tf.square(slope - 1))

    def _latents(self) -> tf.Tensor:
        shape = [self.game.batch, self.game.latent]
        if self.game.prior == "gaussian":
            return tf.random.normal(shape)
        return tf.random.uniform(shape, -math.sqrt(3), math.sqrt(3))

    def _examples(self) -> tf.Tensor:
        rows = tf.random.uniform([self.game.batch], 0, len(self.stored), tf.int32)
        x = tf.gather(self.stored, rows)
        if x.dtype == tf.uint8:
            x = tf.cast(x, tf.float32) / 255
            x = x * 2 - 1 if self.game.networks == "dcgan" else x
        return x


class Moves:
    """One player's optimizer, by TensorFlow's fused kernels."""

    def __init__(self, weights: Sequence[tf.Variable], game: Game):
        self.weights, self.game = weights, game
        self.first = [tf.Variable(tf.zeros_like(w), trainable=False) for w in weights]
        self.second: list[tf.Variable] = []
        if isinstance(game.optimizer, Adam):
            self.second = [tf.Variable(tf.zeros_like(w), trainable=False) for w in weights]
            self.powers = tf.Variable([1.0, 1.0], trainable=False)

    def apply(self, gradients: Sequence[tf.Tensor], rounds: tf.Variable) -> None:
        """Move along the gradients."""
        if isinstance(self.game.optimizer, Adam):
            self._adam(self.game.optimizer, gradients)
        else:
            self._momentum(self.game.optimizer, gradients, rounds)

    def _adam(self, adam: Adam, gradients: Sequence[tf.Tensor]) -> None:
        powers = self.powers.assign(self.powers * [adam.beta_1, adam.beta_2])
        for w, g, m, v in zip(self.weights, gradients, self.first, self.second, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=w.handle, m=m.handle, v=v.handle,
                beta1_power=powers[0], beta2_power=powers[1],
                lr=adam.learning_rate, beta1=adam.beta_1, beta2=adam.beta_2,
                epsilon=adam.epsilon, grad=g,
            )  # fmt: skip

    def _momentum(
        self, momentum: Momentum, gradients: Sequence[tf.Tensor], rounds: tf.Variable
    ) -> None:
        decayed = momentum.learning_rate * tf.exp(
            -tf.cast(rounds, tf.float32) * math.log(momentum.decay)
        )
        epoch = tf.cast(rounds // self.game.rounds_per_epoch, tf.float32)
        risen = tf.minimum(epoch / (momentum.epochs - 1), 1.0)
        for w, g, m in zip(self.weights, gradients, self.first, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=w.handle, accum=m.handle, grad=g,
                lr=tf.maximum(decayed, momentum.minimum),
                momentum=momentum.start + (momentum.final - momentum.start) * risen,
            )  # fmt: skip


def build(game: Game, jit: bool = False) -> Contestant:
    """The game as a bare loop, with or without XLA."""
    bare = Bare(game, jit)
    sizes = [
        sum(math.prod(w.shape) for w in network.weights)
        for network in (bare.generator, bare.discriminator)
    ]
    return Contestant(
        bare.play,
        (sizes[0], sizes[1]),
        lambda: tuple(bare.losses.numpy().tolist()),
        version=tf.__version__,
        jit=jit,
    )
