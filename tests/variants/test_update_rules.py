"""A stranger's update rules, of public parts only: the formula's, on one and two replicas."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import PLAYERS, AdversarialGame, Loss, UpdateRule, scheduled, state


class Bilinear(Loss):
    """D minimises −x̄ d g, and G d g: a saddle at 0 (D says d · g of what G makes, g · 1)."""

    def discriminator(self, real, fake):
        return -fake.logits

    def generator(self, real, fake):
        return fake.logits


class Extragradient(UpdateRule):
    """Take gradients at an extrapolated point, apply them to the old one (Gidel et al. 2019)."""

    batches = 2

    def round(self, game, batches):
        here = game.point(*PLAYERS)
        self.gradients(game, batches[0], "ahead", apply=True)
        play, losses, gradients = self.gradients(game, batches[1], "here")
        game.put_back(here)
        norms = {player: game.apply(player, gradients[player]) for player in PLAYERS}
        return game.conclude(play, losses, norms)

    def gradients(self, game, batch, stage, apply=False):
        with game.watch(*PLAYERS) as tape:
            play = game.play(batch, stage, together=False)
            losses = {player: game.objective(player, play) for player in PLAYERS}
        found = {player: game.gradients(player, tape, losses[player]) for player in PLAYERS}
        if apply:
            for player in PLAYERS:
                game.apply(player, found[player])
        return play, losses, found


class Optimistic(UpdateRule):
    """Move by 2 g_t − g_(t−1) (Daskalakis et al. 2018); the gradient before is its state."""

    def __init__(self):
        self.before: dict[str, list[tf.Variable]] = {}

    def prepare(self, game):
        for player in PLAYERS:
            weights = game.weights_moved_by(player)
            self.before[player] = [state(tf.zeros(weight.shape)) for weight in weights]

    def round(self, game, batches):
        with game.watch(*PLAYERS) as tape:
            play = game.play(batches[0], "both", together=False)
            losses = {player: game.objective(player, play) for player in PLAYERS}
        norms = {}
        for player in PLAYERS:
            now = game.gradients(player, tape, losses[player])
            before = self.before[player]
            size = tf.cast(game.draw().replicas, tf.float32)
            ahead = [2 * g - b / size for g, b in zip(now, before, strict=True)]
            norms[player] = game.apply(player, ahead)
            for kept, g in zip(before, now, strict=True):
                kept.assign(sum_over_replicas(g))
        return game.conclude(play, losses, norms)


def sum_over_replicas(gradient):
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradient)


class Unrolled(UpdateRule):
    """Move G against a D that looked k steps ahead (Metz et al. 2017, first order)."""

    def __init__(self, steps):
        self.steps = steps

    def round(self, game, batches):
        here = game.point("discriminator", everything=True)
        for i in range(self.steps):
            self.descend(game, batches[0], f"ahead/{i}")
        with game.watch("generator") as tape:
            play = game.play(batches[0], "generator")
            g_loss = game.objective("generator", play)
        gradients = game.gradients("generator", tape, g_loss)
        game.put_back(here)
        seen, d_loss, d_norm = self.descend(game, batches[0], "discriminator")
        norms = {"discriminator": d_norm, "generator": game.apply("generator", gradients)}
        return game.conclude(seen, {"discriminator": d_loss, "generator": g_loss}, norms)

    def descend(self, game, batch, stage):
        with game.watch("discriminator") as tape:
            play = game.play(batch, stage)
            loss = game.objective("discriminator", play)
        return play, loss, game.descend("discriminator", tape, loss)


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


@keras.saving.register_keras_serializable(package="test_update_rules")
class Constant(keras.layers.Layer):
    """Make g, whatever comes in."""

    def build(self, shape):
        self.g = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x):
        return tf.zeros_like(x) + self.g


def saddle(rule: UpdateRule, make: Any = lambda: keras.optimizers.SGD(0.5)) -> AdversarialGame:
    """G makes g, D says d x: both begin at 1, and V = d g."""
    generator = keras.Sequential([keras.Input((1,)), Constant()])
    ones = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    discriminator = keras.Sequential([keras.Input((1,)), ones])
    game = AdversarialGame(generator, discriminator, loss=Bilinear(), updates=rule)
    game.compile(make(), make())
    return game


def place(game: AdversarialGame) -> list[float]:
    return [float(game.networks[name].trainable_variables[0].numpy().item()) for name in PLAYERS]


def play(game: AdversarialGame, rounds: int, size: int = 8) -> list[list[float]]:
    """Where both stand after each round: g and d."""
    x, found = np.ones([size, 1], "float32"), []
    for _ in range(rounds):
        game.train_on_batch(x)
        found.append(place(game))
    return found


ROUNDS = 4


def extragradient() -> list[list[float]]:
    g, d, found = 1.0, 1.0, []
    for _ in range(ROUNDS):
        ahead_g, ahead_d = g - 0.5 * d, d + 0.5 * g
        g, d = g - 0.5 * ahead_d, d + 0.5 * ahead_g
        found.append([g, d])
    return found


def optimistic() -> list[list[float]]:
    g, d, old_g, old_d, found = 1.0, 1.0, 0.0, 0.0, []
    for _ in range(ROUNDS):
        slope_g, slope_d = d, -g
        g, d = g - 0.5 * (2 * slope_g - old_g), d - 0.5 * (2 * slope_d - old_d)
        old_g, old_d = slope_g, slope_d
        found.append([g, d])
    return found


def unrolled() -> list[list[float]]:
    g, d, found = 1.0, 1.0, []
    for _ in range(ROUNDS):
        ahead = d + 3 * 0.5 * g
        g, d = g - 0.5 * ahead, d + 0.5 * g
        found.append([g, d])
    return found


def sometimes() -> list[list[float]]:
    g, d, found = 1.0, 1.0, []
    for number in range(ROUNDS):
        d += 0.5 * g
        g -= 2 * 0.5 * d if number >= 2 else 0.0
        found.append([g, d])
    return found


RULES = {
    "extragradient": (Extragradient, extragradient),
    "optimistic": (Optimistic, optimistic),
    "unrolled": (lambda: Unrolled(3), unrolled),
    "sometimes": (Sometimes, sometimes),
}


@pytest.mark.parametrize("name", RULES)
def test_it_is_the_formula(name):
    make, by_hand = RULES[name]
    np.testing.assert_allclose(play(saddle(make()), ROUNDS), by_hand(), rtol=1e-6)


def test_on_two_replicas_too(preloaded, tmp_path):
    """In a process of its own, that has two devices."""
    out = tmp_path / "places.json"
    script = Path(__file__).with_name("rules_on_two_replicas.py")
    done = subprocess.run(
        [*preloaded, script, out], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(out.read_text())
    for name, (_, by_hand) in RULES.items():
        np.testing.assert_allclose(found[name], by_hand(), rtol=1e-5, atol=1e-6, err_msg=name)


def test_all_is_put_back_but_for_what_stays():
    """Looking ahead leaves no trace in D's Adam: it moves as one that never looked."""

    def adam():
        return keras.optimizers.Adam(0.1)

    looked, plain = saddle(Unrolled(3), adam), saddle(Unrolled(0), adam)
    for game in (looked, plain):
        game.train_on_batch(np.ones([8, 1], "float32"))
    states = [[v.numpy() for v in g.discriminator_optimizer.variables] for g in (looked, plain)]
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)
    assert place(looked)[1] == place(plain)[1]


def test_extragradient_leaves_the_moments_of_both_halves():
    """As the authors' ExtraAdam: both halves count, weights alone are put back."""
    game = saddle(Extragradient(), lambda: keras.optimizers.Adam(0.1))
    game.train_on_batch(np.ones([8, 1], "float32"))
    assert int(game.generator_optimizer.iterations) == 2


def test_resumed_it_is_the_same(tmp_path):
    whole = play(saddle(Optimistic()), 4)
    first = saddle(Optimistic())
    play(first, 2)
    first.save_weights(tmp_path / "game.weights.h5")
    second = saddle(Optimistic())
    second.load_weights(tmp_path / "game.weights.h5")
    assert play(second, 2) == whole[2:]
