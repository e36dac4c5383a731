"""Checks of penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..game import PLAYERS, Penalty
from ..random import Draw
from . import toys
from .failure import fail
from .numerics import finite_gradient, per_example, same_gradient
from .subject import Subject


@dataclass
class _Scene:
    """A penalty, and two networks that it is tried on."""

    penalty: Penalty
    generator: keras.Model
    discriminator: keras.Model

    def values(self, real: tf.Tensor, latents: tf.Tensor, step: int = 0) -> tf.Tensor:
        """The penalty, as a game would compute it in its player's turn."""
        asked = "discriminator" in self.players or self.penalty.needs_real
        generated = self.generator(latents, training=True)
        play = toys.play_of(
            self.discriminator,
            real,
            generated,
            player=self.players[0],
            stage="check",
            judge_real=asked,
            draw=Draw(1, step),
        )
        return self.penalty(play)

    @property
    def players(self) -> tuple[str, ...]:
        """Whose loss the penalty is added to."""
        player = self.penalty.player
        return (player,) if isinstance(player, str) else tuple(player)

    @property
    def variables(self) -> list[Any]:
        """What the penalty's player can change."""
        network = self.generator if self.players[0] == "generator" else self.discriminator
        return [variable.value for variable in network.trainable_variables]


def belongs_to_a_player(subject: Subject) -> None:
    """Its attribute ``player`` says whose loss it is added to."""
    player, players = _scene(subject).penalty.player, _scene(subject).players
    if not players or not set(players) <= set(PLAYERS):
        fail(f"its player is {player!r}; {' or '.join(map(repr, PLAYERS))}, or both, were expected")


def returns_one_value_per_example(subject: Subject) -> None:
    """For a batch and for a single example."""
    scene = _scene(subject)
    for n in (5, 1):
        per_example(scene.values(*_batches(n)), n, "the penalty")


def is_finite_where_the_critic_is_flat(subject: Subject) -> None:
    """Values and gradients, where D returns zeros whatever it sees, and G too."""
    scene = _scene(subject)
    for network in (scene.discriminator, scene.generator):
        network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
        with tf.GradientTape() as tape:
            values = scene.values(*_batches(4))
        who = f"the penalty where the {network.name} returns zeros"
        per_example(values, 4, who)
        for gradient in tape.gradient(values, scene.variables):
            finite_gradient(gradient, who)


def has_the_gradient_of_its_values(subject: Subject) -> None:
    """Against finite differences in its player's weights: second derivatives work."""
    scene = _scene(subject)
    real, latents = _batches(4)

    def value() -> tf.Tensor:
        return tf.reduce_sum(scene.values(real, latents))

    with tf.GradientTape() as tape:
        total = value()
    same_gradient(value, scene.variables, tape.gradient(total, scene.variables), "the penalty")


def reaches_its_player(subject: Subject) -> None:
    """Its gradient in its player's weights is not 0 everywhere."""
    scene = _scene(subject)
    with tf.GradientTape() as tape:
        values = scene.values(*_batches(16))
    gradients = tape.gradient(values, scene.variables)
    if not any(g is not None and bool(tf.reduce_any(g != 0)) for g in gradients):
        fail(f"it has gradient 0 in all weights of its player, the {scene.penalty.player}")


def draws_from_the_draw(subject: Subject) -> None:
    """Equal seeds and rounds give equal values, from another object too."""
    scene, other = _scene(subject), _scene(subject)
    first = np.asarray(scene.values(*_batches(5), step=3))
    again = [scene.values(*_batches(5), step=3), other.values(*_batches(5), step=3)]
    if any((np.asarray(values) != first).any() for values in again):
        fail(
            "it returned other values in the same round of the same game, so a resumed run "
            "would not be the run that was interrupted",
            hint="take random numbers from play.draw.uniform(stream, …) or .normal(stream, …)",
        )


def works_compiled(subject: Subject) -> None:
    """The same values as a graph, for any batch size, and under XLA; gradients as well."""
    scene = _scene(subject)
    batches = list(_batches(5))
    toys.compiled_agree(scene.values, batches, what="the penalty")

    def norm(real: tf.Tensor, latents: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(scene.values(real, latents))
        gradients = tape.gradient(total, scene.variables)
        return tf.linalg.global_norm([g for g in gradients if g is not None])

    toys.compiled_agree(norm, batches, what="the penalty's gradient norm")


def plays_a_short_game(subject: Subject) -> None:
    """Both players move, and nothing becomes NaN."""
    penalty = _scene(subject).penalty
    names = {"logits", *penalty.requires}
    made = toys.game(penalties=[penalty], discriminator=toys.discriminator(names))
    toys.trained(made, toys.examples(16), ("discriminator", "generator"))


def _scene(subject: Subject) -> _Scene:
    penalty = subject.make()
    if not isinstance(penalty, Penalty):
        fail(f"it makes {type(penalty).__name__}, not an advnets.game.Penalty")
    names = {"logits", *penalty.requires}
    return _Scene(penalty, toys.generator(), toys.discriminator(names))


def _batches(n: int) -> tuple[tf.Tensor, tf.Tensor]:
    return toys.examples(n), toys.examples(n, (toys.LATENT,), seed=1)
