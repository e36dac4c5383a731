"""A wrong penalty fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import tensorflow as tf

from advnets import Component
from advnets.data import Field
from advnets.errors import PluginError
from advnets.game import Encounter, Penalty, Play, Role, Side, state
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


class Supervised(Penalty):
    """A right one, of a stream's labels."""

    once, requires = True, ("label_logits",)
    streams: ClassVar = {"labelled": ("label",)}

    def __call__(self, play: Play) -> tf.Tensor:
        said = play.judge(play.batch.streams["labelled"].side())
        labels = said.fields["label"]
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, said.label_logits)


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


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


class Auxiliary(Penalty):
    """A right one, for both players, that reads a class (Odena et al. 2017)."""

    player = ("discriminator", "generator")
    requires = ("class_logits",)
    fields = ("label",)

    def __call__(self, play: Play) -> tf.Tensor:
        sides = [play.fake, play.real] if play.player == "discriminator" else [play.fake]
        return tf.add_n([cross_entropy(s.fields["label"], s.class_logits) for s in sides])

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        found = tf.argmax(play.real.class_logits, 1) == play.real.fields["label"]
        return {"class_accuracy": tf.cast(found, tf.float32)}


class Reading(Penalty):
    """A right one, with a network of its own that reads a code of numbers off G's example."""

    player = "generator"
    fields = ("code",)
    roles: ClassVar = {"q": Role("example", "code")}

    def __call__(self, play: Play) -> tf.Tensor:
        gap = play.call("q", play.fake) - play.fake.fields["code"]
        return tf.reduce_sum(gap**2, axis=1)


class Closeness(Penalty):
    """A right one, to an image that comes with the example, once a play, of its first half."""

    player = "generator"
    fields = ("target",)
    once = True

    def __call__(self, play: Play) -> tf.Tensor:
        gap = (play.fake.example - play.fake.fields["target"])[:1]
        return tf.reduce_mean(tf.abs(gap), axis=[1, 2, 3])


class Growing(Interpolated):
    """A right one, whose weight grows whenever it is computed."""

    def __init__(self) -> None:
        self.weight = state(0.5)

    def __call__(self, play: Play) -> tf.Tensor:
        self.weight.assign(self.weight * 1.5)
        return self.weight * super().__call__(play)


class Aggregated(Encounter):
    """D tells z from E(x): an adversarial auto-encoder (Makhzani et al. 2015)."""

    roles: ClassVar = {
        "encoder": Role("example", "latent"),
        "discriminator": Role("latent", "logits"),
    }

    def real(self, scene):
        return Side(latent=scene.told("latent"))

    def fake(self, scene):
        x = scene.batch.side()
        return x.having(latent=scene.call("encoder", x))


class Reconstruction(Penalty):
    """A right one, which has nothing to do but in that encounter: ‖G(E(x)) − x‖²."""

    player = "generator"

    def __call__(self, play):
        again = play.call("generator", play.fake)
        return tf.reduce_sum((again - play.fake.example) ** 2, axis=-1)


class Forgetful(Interpolated):
    """Counts in Python."""

    calls = 0

    def __call__(self, play):
        self.calls += 1
        return self.calls * super().__call__(play)


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


CODE = {"fields": {"code": Field((3,), "float32")}}
TARGET = {"shape": (4, 4, 1), "fields": {"target": Field((4, 4, 1), "float32", kind="image")}}


@pytest.mark.parametrize(
    ("penalty", "check", "message"),
    [
        (Averaged, "returns_one_value_per_example", r"shape \(\) for 5 examples"),
        (Norm, "is_finite_where_the_critic_is_flat", "gradient of the penalty .* not finite"),
        (Undrawn, "draws_from_the_draw", "play.draw"),
        (Detached, "has_the_gradient_of_its_values", "finite differences"),
        (WrongPlayer, "reaches_its_player", "the generator"),
        (Nobody, "belongs_to_a_player", "'critic'"),
        (Twofold, "reaches_its_player", "its player, the generator"),
        (Forgetful, "goes_on_where_it_was", "ends with another generator, discriminator"),
        (Mean, "logs_one_value_per_example", "'mean', which is logged,"),
    ],
)
def test_finds(penalty: type[Penalty], check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("penalties", penalty, check))


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


@pytest.mark.parametrize(
    ("penalty", "example", "checks"),
    [
        (Auxiliary, None, ("has_the_gradient_of_its_values", "logs_one_value_per_example")),
        (Reading, CODE, ("reaches_its_player", "plays_a_short_game")),
        (Closeness, TARGET, ("returns_one_value_per_example", "plays_a_short_game")),
        (Reconstruction, {"encounter": Aggregated}, ("reaches_its_player", "plays_a_short_game")),
        (Growing, None, ("has_the_gradient_of_its_values", "goes_on_where_it_was")),
        (Supervised, None, ("has_the_gradient_of_its_values", "works_compiled")),
        (Supervised, None, ("goes_on_where_it_was", "draws_from_the_draw")),
    ],
)
def test_no_false_alarm(
    penalty: type[Penalty], example: Any, checks: tuple[str, ...], failure: Failure
) -> None:
    for check in ("draws_from_the_draw", *checks):
        assert failure("penalties", penalty, check, example) == ""
