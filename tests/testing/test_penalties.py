"""A wrong penalty fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from advnets import Component
from advnets.errors import PluginError
from advnets.game import Penalty
from advnets.testing import check_penalty

from .author_penalties import (
    CODE,
    RIGHT,
    Drift,
    Interpolated,
    LeCam,
    Reading,
    Supervised,
    squared_slopes,
)

Failure = Callable[..., str]


class Norm(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        return tf.square(tf.sqrt(squared_slopes(play.real, play.real.x)) - 1)


class Undrawn(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        noise = tf.random.normal(tf.shape(play.real.x))
        return squared_slopes(play.real, play.real.x + noise)


class Averaged(Interpolated):
    def __call__(self, play):
        return tf.reduce_mean(super().__call__(play))


class Detached(Interpolated):
    def __call__(self, play):
        return tf.stop_gradient(super().__call__(play))


class Rounded(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        return play.real.logits * tf.round(play.real.logits * 1000) / 1000


class WrongPlayer(Penalty):
    """Real examples are nothing that the generator can change."""

    player = "generator"

    def __call__(self, play):
        return tf.reduce_sum(tf.square(play.real.x), axis=1)


class Nobody(Interpolated):
    player = "critic"


class Forgetful(Interpolated):
    """Counts in Python."""

    calls = 0

    def __call__(self, play):
        self.calls += 1
        return self.calls * super().__call__(play)


class Remembering(LeCam):
    """Averages that are tensors of Python's."""

    def __init__(self):
        self.real = self.fake = tf.constant(0.0)

    def __call__(self, play):
        values = super().__call__(play)
        self.real = 0.9 * self.real + 0.1 * tf.reduce_mean(play.real.logits)
        return values

    def update(self, play):
        pass


class Sized(Supervised):
    """Of another number of examples than the batch's, and not said so."""

    once = False

    def __call__(self, play):
        return super().__call__(play)[:2]


class Unread(Reading):
    def __call__(self, play):
        play.call("q", play.fake)
        return tf.reduce_sum(play.fake.example**2, axis=1)


class Mean(Interpolated):
    def observe(self, play):
        return {"mean": tf.reduce_mean(play.real.logits)}


class Twofold(Penalty):
    """Of the generator as well, which real examples are nothing to."""

    player = ("discriminator", "generator")
    requires = ("logits",)
    needs_real = True

    def __call__(self, play):
        return tf.stop_gradient(play.fake.logits) + play.real.logits


@pytest.mark.parametrize(
    ("penalty", "check", "message"),
    [
        (Averaged, "returns_one_value_per_example", r"shape \(\) for 5 examples"),
        (Norm, "is_finite_where_the_critic_is_flat", "gradient of the penalty .* not finite"),
        (Undrawn, "draws_from_the_draw", "play.draw"),
        (Detached, "reaches_its_player", "its player, the discriminator"),
        (Rounded, "has_the_gradient_of_its_values", "finite differences"),
        (WrongPlayer, "reaches_its_player", "the generator"),
        (Nobody, "belongs_to_a_player", "'critic'"),
        (Twofold, "reaches_its_player", "its player, the generator"),
        (Forgetful, "goes_on_where_it_was", "ends with another generator, discriminator"),
        (Remembering, "goes_on_where_it_was", "attributes made by advnets.game.state"),
        (Sized, "returns_one_value_per_example", r"shape \(2,\) for 5 examples"),
        (Mean, "logs_one_value_per_example", "'mean', which is logged,"),
    ],
)
def test_finds(penalty: type[Penalty], check: str, message: str, failure: Failure) -> None:
    told = failure("penalties", penalty, check)
    assert re.search(message, told)
    assert re.search(r"\n  at .*_penalties.py:\d+$", told)


def test_a_network_of_its_own_is_reached(failure: Failure) -> None:
    told = failure("penalties", Unread, "reaches_its_player", CODE)
    assert "gradient 0 in all weights of 'q'" in told


def test_what_a_component_says_of_itself_is_what_its_target_does(failure: Failure) -> None:
    def said(**declared: Any) -> str:
        component = Component("r1_again", "advnets.game:R1", "‖∇C‖²", **declared)
        return failure("penalties", component, "declares_what_it_needs")

    assert "says requires=('features',); what it makes has ['logits']" in said(
        requires=("features",)
    )
    assert "says networks=('q',); what it makes has []" in said(networks=("q",))
    assert "says streams=('labelled',); what it makes has []" in said(streams=("labelled",))
    assert said() == said(requires=("logits",), networks=(), streams=()) == ""
    with pytest.raises(PluginError, match="requires is 'logits'; a tuple of names was expected"):
        said(requires="logits")


def test_a_right_one_passes() -> None:
    check_penalty(Interpolated)


GRADIENT, REACHES = "has_the_gradient_of_its_values", "reaches_its_player"
AT_ONCE = {
    "lazy": (REACHES,),
    "late": (REACHES, "draws_from_the_draw"),
    "dragan": ("is_finite_where_the_critic_is_flat",),
    "consistency": ("draws_from_the_draw", GRADIENT),
    "lecam": ("draws_from_the_draw", "goes_on_where_it_was"),
    "path_length": (GRADIENT, "is_finite_where_the_critic_is_flat"),
    "drift": ("returns_one_value_per_example",),
    "auxiliary": ("logs_one_value_per_example", REACHES),
    "reading": (REACHES,),
    "matched": ("returns_one_value_per_example", REACHES),
    "supervised": ("works_compiled", "draws_from_the_draw"),
    "closeness": ("returns_one_value_per_example",),
    "growing": (GRADIENT, "goes_on_where_it_was"),
    "reconstruction": (REACHES,),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_no_false_alarm(name: str, failure: Failure) -> None:
    penalty, example = RIGHT[name]
    for check in AT_ONCE[name]:
        assert failure("penalties", penalty, check, example) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_no_false_alarm_in_any_check(name: str) -> None:
    penalty, example = RIGHT[name]
    check_penalty(penalty, example=example)


def test_one_value_of_the_whole_batch_is_told_how_to_be_returned(failure: Failure) -> None:
    class Whole(Drift):
        once = False

    told = failure("penalties", Whole, "returns_one_value_per_example")
    assert "returned shape (1,) for 5 examples" in told
    assert "tf.fill([play.fake.size], value)" in told
    assert "once = True" in told
