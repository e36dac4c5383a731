"""A rule in which a player moves in some rounds and twice in a round, and the saddle it is on."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from advnets.game import PLAYERS, AdversarialGame, Loss, UpdateRule, scheduled

ROUNDS = 4


class Bilinear(Loss):
    """D minimises −x̄ d g, and G d g: a saddle at 0 (D says d · g of what G makes, g · 1)."""

    def discriminator(self, real, fake):
        return -fake.logits

    def generator(self, real, fake):
        return fake.logits


class Sometimes(UpdateRule):
    """D moves in every round, G twice in those from round 2 on."""

    def __init__(self):
        self.moves = scheduled({"from": 0.0, "to": 1.0, "rounds": 1, "begin": 1})

    def round(self, game, batches):
        losses, norms = {}, {}
        for player, stage in (("discriminator", "d"), ("generator", "g/0"), ("generator", "g/1")):
            with game.watch(player) as tape:
                play = game.play(batches[0], stage)
                losses[player] = game.objective(player, play)
            found = game.gradients(player, tape, losses[player])
            when = True if player == "discriminator" else self.moves() > 0.5
            norms[player] = game.apply(player, found, when=when)
        return game.conclude(play, losses, norms)


@keras.saving.register_keras_serializable(package="sometimes")
class Constant(keras.layers.Layer):
    """Make g, whatever comes in."""

    def build(self, shape):
        self.g = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x):
        return tf.zeros_like(x) + self.g


def make_saddle() -> AdversarialGame:
    """Make the game: G makes g, D says d x: both begin at 1, and V = d g."""
    generator = keras.Sequential([keras.Input((1,)), Constant()])
    ones = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    discriminator = keras.Sequential([keras.Input((1,)), ones])
    game = AdversarialGame(generator, discriminator, loss=Bilinear(), updates=Sometimes())
    game.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5))
    return game


def place(game: AdversarialGame) -> list[float]:
    """Return where both stand: g and d."""
    return [float(game.networks[name].trainable_variables[0].numpy().item()) for name in PLAYERS]


def play(game: AdversarialGame, rounds: int, size: int = 8) -> list[list[float]]:
    """Return where both stand after each round: g and d."""
    x, found = np.ones([size, 1], "float32"), []
    for _ in range(rounds):
        game.train_on_batch(x)
        found.append(place(game))
    return found


def by_hand() -> list[list[float]]:
    """Return where the formula takes both."""
    g, d, found = 1.0, 1.0, []
    for number in range(ROUNDS):
        d += 0.5 * g
        g -= 2 * 0.5 * d if number >= 2 else 0.0
        found.append([g, d])
    return found
