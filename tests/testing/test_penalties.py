"""A wrong penalty fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import tensorflow as tf

from advnets.game import Penalty, Play
from advnets.testing import check_penalty

Failure = Callable[..., str]


def squared_slopes(play: Play, x: tf.Tensor) -> tf.Tensor:
    x = tf.identity(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        logits = play.real.critic(x).logits
    return tf.reduce_sum(tf.square(tape.gradient(logits, x)), axis=1)


class Interpolated(Penalty):
    """A right one, with random numbers and second derivatives: E‖∇C(x̂)‖²."""

    requires = ("logits",)

    def __call__(self, play: Play) -> tf.Tensor:
        ε = play.draw.uniform(f"{play.stage}/mix", (1,), tf.shape(play.real.x)[0])
        return squared_slopes(play, play.real.x + ε * (play.fake.example - play.real.x))


class Norm(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        return tf.square(tf.sqrt(squared_slopes(play, play.real.x)) - 1)


class Undrawn(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        noise = tf.random.normal(tf.shape(play.real.x))
        return squared_slopes(play, play.real.x + noise)


class Averaged(Interpolated):
    def __call__(self, play):
        return tf.reduce_mean(super().__call__(play))


class Detached(Interpolated):
    def __call__(self, play):
        return tf.stop_gradient(super().__call__(play))


class WrongPlayer(Penalty):
    """Real examples are nothing that the generator can change."""

    player = "generator"

    def __call__(self, play):
        return tf.reduce_sum(tf.square(play.real.x), axis=1)


class Nobody(Interpolated):
    player = "critic"


@pytest.mark.parametrize(
    ("penalty", "check", "message"),
    [
        (Averaged, "returns_one_value_per_example", r"shape \(\) for 5 examples"),
        (Norm, "is_finite_where_the_critic_is_flat", "gradient of the penalty .* not finite"),
        (Undrawn, "draws_from_the_draw", "play.draw"),
        (Detached, "has_the_gradient_of_its_values", "finite differences"),
        (WrongPlayer, "reaches_its_player", "the generator"),
        (Nobody, "belongs_to_a_player", "'critic'"),
    ],
)
def test_finds(penalty: type[Penalty], check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("penalties", penalty, check))


def test_a_right_one_passes() -> None:
    check_penalty(Interpolated)
