"""The game V = d g of two numbers, a saddle at 0, and where each rule takes it, by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from advnets_updates.consensus import Consensus
from advnets_updates.extragradient import Extragradient
from advnets_updates.optimistic import Optimistic
from advnets_updates.unrolled import Unrolled

from advnets.game import PLAYERS, AdversarialGame, Loss, Side, UpdateRule

ETA = 0.5


class Bilinear(Loss):
    """D minimises −d g and G d g: D says d · g of what G makes."""

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −d g."""
        return -fake.logits

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return d g."""
        return fake.logits


@keras.saving.register_keras_serializable(package="saddle")
class Constant(keras.layers.Layer):
    """Make g, whatever comes in."""

    def build(self, shape: Any) -> None:
        """Make g, 1 at first."""
        self.g = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return g for each example."""
        return tf.zeros_like(x) + self.g


def make_game(rule: UpdateRule, optimizer: Callable[[], Any] | None = None) -> AdversarialGame:
    """Make the game; both numbers are 1 at first."""
    generator = keras.Sequential([keras.Input((1,)), Constant()])
    ones = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    discriminator = keras.Sequential([keras.Input((1,)), ones])
    game = AdversarialGame(generator, discriminator, loss=Bilinear(), updates=rule)
    make = optimizer or (lambda: keras.optimizers.SGD(ETA))
    game.compile(make(), make())
    return game


def place(game: AdversarialGame) -> tuple[float, float]:
    """Return where both stand: g and d."""
    g, d = (game.networks[name].trainable_variables[0].numpy().item() for name in PLAYERS)
    return g, d


def play(game: AdversarialGame, rounds: int, size: int = 8) -> list[tuple[float, float]]:
    """Play rounds, and return where both stand after each."""
    found = []
    for _ in range(rounds):
        game.train_on_batch(np.ones([size, 1], "float32"))
        found.append(place(game))
    return found


def extragradient(g: float, d: float, before: tuple[float, float]) -> tuple[float, float]:
    """Return the next g and d."""
    ahead_g, ahead_d = g - ETA * d, d + ETA * g
    return g - ETA * ahead_d, d + ETA * ahead_g


def optimistic(g: float, d: float, before: tuple[float, float]) -> tuple[float, float]:
    """Return the next g and d; ``before`` is where they stood a round ago."""
    old_g, old_d = before
    return g - ETA * (2 * d - old_d), d + ETA * (2 * g - old_g)


def consensus(g: float, d: float, before: tuple[float, float]) -> tuple[float, float]:
    """Return the next g and d, with γ = 0.4: ½‖v‖² is ½ (g² + d²)."""
    return g - ETA * (d + 0.4 * g), d - ETA * (-g + 0.4 * d)


def unrolled(g: float, d: float, before: tuple[float, float]) -> tuple[float, float]:
    """Return the next g and d; D looks three steps ahead."""
    return g - ETA * (d + 3 * ETA * g), d + ETA * g


Step = Callable[[float, float, tuple[float, float]], tuple[float, float]]
RULES: dict[str, tuple[Callable[[], UpdateRule], Step]] = {
    "extragradient": (Extragradient, extragradient),
    "optimistic": (Optimistic, optimistic),
    "consensus": (lambda: Consensus(0.4), consensus),
    "unrolled": (lambda: Unrolled(3), unrolled),
}


def by_hand(step: Step, rounds: int) -> list[tuple[float, float]]:
    """Return where the formula takes both; a gradient before the first round is 0."""
    places, before = [(1.0, 1.0)], (0.0, 0.0)
    for _ in range(rounds):
        here = places[-1]
        places.append(step(*here, before))
        before = here
    return places[1:]


def distance(place: tuple[float, float]) -> float:
    """Return how far both are from the saddle."""
    return math.hypot(*place)
