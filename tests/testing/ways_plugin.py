"""Components that keep what each way to play promises, or break it in one way each."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

import advnets
from advnets.data import Field
from advnets.game import Batch, Condition, Minimax, Penalty, Play, Side


class Counting(Minimax):
    """Weighs by a number of Python's, which a graph holds fixed and no checkpoint has."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        self._calls += 1
        return super().discriminator(real, fake) * (1.0 + 0.1 * self._calls)


class OfItsShare(Minimax):
    """Takes a mean over the examples of its own replica."""

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        away = fake.logits - tf.reduce_mean(fake.logits)
        return super().generator(real, fake) + away**2


class Dying(Minimax):
    """Ends its process, as a fault in an operation would."""

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        os._exit(7)


class Noisy(Penalty):
    """Draws from a generator that is not saved."""

    player = "discriminator"

    def __call__(self, play: Play) -> tf.Tensor:
        x = play.real.example
        return tf.reduce_sum(play.real.critic(x + tf.random.normal(tf.shape(x))).logits ** 2)[None]


KEPT: list[tf.Variable] = []


class Hiding(Penalty):
    """Remembers in a variable that no checkpoint finds."""

    player = "discriminator"

    def __init__(self) -> None:
        KEPT.append(tf.Variable(1.0, trainable=False))

    def __call__(self, play: Play) -> tf.Tensor:
        return KEPT[-1] * play.real.logits**2

    def update(self, play: Play) -> None:
        KEPT[-1].assign(KEPT[-1] * 0.9)


class Worded(Penalty):
    """Does what XLA cannot compile."""

    player = "discriminator"

    def __call__(self, play: Play) -> tf.Tensor:
        words = tf.strings.as_string(tf.stop_gradient(play.real.logits))
        return play.real.logits**2 * tf.cast(tf.strings.length(words) > 0, tf.float32)


class First(Condition):
    """Says which examples are read: which `fit`, given them, cannot do."""

    field = Field((), "float32")

    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        return tf.range(examples, dtype=tf.int64) % count

    def sample(
        self, draw: Any, stream: str, examples: Any, batch: Batch | None = None
    ) -> tf.Tensor:
        return draw.uniform(stream, (), examples)


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    names = {"counting": "Counting", "of_its_share": "OfItsShare", "dying": "Dying"}
    return [advnets.Component(name, f"{__name__}:{made}") for name, made in names.items()]


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    names = ("noisy", "hiding", "worded")
    return [advnets.Component(name, f"{__name__}:{name.capitalize()}") for name in names]


@advnets.hookimpl
def advnets_conditions() -> list[advnets.Component]:
    return [advnets.Component("first", f"{__name__}:First")]
