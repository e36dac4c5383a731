"""Average the generator's weights over the course of training."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from ..errors import UsageError
from . import batch
from .configured import Configured


class GeneratorAverage(Configured):
    r"""Keep an exponential moving average of G's weights, which plays no part in the game.

    After every round t = 1, 2, …

    .. math:: \bar θ ← β_t \bar θ + (1 - β_t) θ, \quad β_t = \min(β, \frac{1 + t}{10 + t})

    so that the first rounds, whose weights are worth little, are soon forgotten. With
    ``warm_up`` r the ramp is another one, longer for small r: the weights of a round count half
    as much r t rounds later, until they do so by β,

    .. math:: β_t = \min(β, 2^{-1 / (r t)})

    What is
    not trained, such as the means of batch normalisation, is averaged alike; integers are
    copied. The players of a game circle each other more than they settle, and an average
    over the circles is often the better generator.

    Args:
        network: A network like the generator. Its weights become the averages.
        decay: β, in (0, 1), per round: 0.999 averages over about a thousand rounds.
        every: Rounds between two steps of the average, each then of β_t to the power of
            ``every``. A step reads and writes as many numbers as G has weights.
        warm_up: r > 0: the half-life of the average is at most this share of the rounds
            played; ``None`` for the ramp (1 + t) / (10 + t).

    Raises:
        UsageError: If ``decay``, ``every`` or ``warm_up`` is out of range.

    Source: Yazıcı et al. 2018, "The Unusual Effectiveness of Averaging in GAN Training"
    (arXiv:1806.04498); Polyak and Juditsky 1992. The bound on β_t is TensorFlow's
    ``ExponentialMovingAverage(num_updates=...)``; ``warm_up`` is the ramp of Karras et al. 2020,
    "Training Generative Adversarial Networks with Limited Data" (arXiv:2006.06676), whose code
    has r = 0.05.

    >>> import numpy as np
    >>> def network():
    ...     return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> generator, average = network(), GeneratorAverage(network(), decay=0.999)
    >>> average.network.set_weights([np.zeros([1, 1])])
    >>> generator.set_weights([np.full([1, 1], 11.0)])
    >>> average.update(generator, tf.constant(1, tf.int64))  # the first round: β_1 = 2/11
    >>> round(float(average.network.get_weights()[0][0, 0]), 4)
    9.0
    >>> half = GeneratorAverage(network(), decay=0.999, warm_up=0.5)
    >>> [round(float(half.decay_at(tf.constant(t, tf.int64))), 4) for t in (1, 2, 20, 10_000)]
    [0.25, 0.5, 0.933, 0.999]
    """

    def __init__(
        self,
        network: keras.Model,
        decay: float = 0.999,
        every: int = 1,
        warm_up: float | None = None,
    ):
        if not 0 < decay < 1:
            raise UsageError(f"a decay of {decay:g} was given; it must lie between 0 and 1")
        if every < 1:
            raise UsageError(f"averaging every {every} rounds makes no sense; 1 at least")
        if warm_up is not None and not 0 < warm_up < math.inf:
            raise UsageError(
                f"a warm_up of {warm_up:g} was given; it must be greater than 0",
                hint="0.05: the average's half-life is at most a twentieth of the rounds played",
            )
        if not isinstance(network, keras.Model):
            raise UsageError(
                f"an average was asked for in {network!r:.60}; a network like the generator was "
                "expected",
                hint="GeneratorAverage(keras.models.clone_model(generator), decay=0.999)",
            )
        self.network, self.decay, self.every, self.warm_up = network, decay, every, warm_up

    def start(self, generator: keras.Model) -> None:
        """Begin from G's own weights.

        Raises:
            UsageError: If the network is not like the generator.
        """
        if self.network is generator:
            raise UsageError(
                "an average is kept in a network of its own, and this is the generator itself",
                hint="GeneratorAverage(keras.models.clone_model(generator))",
            )
        self.network.trainable = False
        own = [tuple(v.shape) for v in self.network.variables]
        others = [tuple(v.shape) for v in generator.variables]
        if own != others:
            raise UsageError(
                "the network to average in has other weights than the generator",
                hint="build both in the same way",
            )
        for average, current in zip(self.network.variables, generator.variables, strict=True):
            average.assign(current.value)

    def update(self, generator: keras.Model, rounds: tf.Tensor) -> None:
        """Take the weights after a round into the average.

        Args:
            generator: G.
            rounds: t, the rounds played, an int64 scalar.
        """
        if self.every == 1:
            self._step(generator, rounds)
            return
        due = tf.equal(rounds % self.every, 0)
        batch.if_all_agree(due, lambda rounds: self._step(generator, rounds[0]), [rounds])

    def describe(self) -> dict[str, Any]:
        """Return its parameters, for a protocol."""
        ramp = {} if self.warm_up is None else {"warm_up": self.warm_up}
        return {"decay": self.decay, "every": self.every, **ramp}

    def decay_at(self, rounds: tf.Tensor) -> tf.Tensor:
        """Return β_t after t rounds, a float32 scalar."""
        t = tf.cast(rounds, tf.float32)
        if self.warm_up is None:
            return tf.minimum(self.decay, (1.0 + t) / (10.0 + t))
        return tf.minimum(self.decay, 2.0 ** (-1.0 / (self.warm_up * t)))

    def _step(self, generator: keras.Model, rounds: tf.Tensor) -> None:
        kept = self.decay_at(rounds) ** self.every
        batch.change_variables(
            _blend, [v.value for v in self.network.variables], generator.variables, kept
        )


def _blend(average: tf.Variable, current: tf.Tensor, kept: tf.Tensor) -> None:
    if average.dtype.is_floating:
        average.assign_add((1.0 - tf.cast(kept, average.dtype)) * (current - average))
    else:
        average.assign(current)
