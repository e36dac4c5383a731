"""A wrong encounter fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow as tf

from advnets.data import Field
from advnets.game import Duel, Encounter, Role, Side
from advnets.testing import check_encounter

Failure = Callable[..., str]
IMAGES = {"shape": (4, 4, 1), "fields": {"hidden": Field((4, 4, 2), "float32", kind="image")}}

OTHER = {"fields": {"other.example": Field((3,), "float32")}}


class Inference(Encounter):
    """A right one: D judges pairs, (x, E(x)) against (G(z), z)."""

    roles: ClassVar = {
        "encoder": Role("example", "latent"),
        "discriminator": Role(("example", "latent"), "logits"),
    }

    def real(self, scene):
        x = super().real(scene)
        return x.having(latent=scene.call("encoder", x))


class Inpainting(Encounter):
    """A right one, for images that are told which part is hidden."""

    def fake(self, scene):
        fake = super().fake(scene)
        seen, mask = fake.fields["hidden"][..., :-1], fake.fields["hidden"][..., -1:]
        return fake.having(example=seen + (1.0 - mask) * fake.example)


class Aggregated(Encounter):
    """A right one, that calls the generator outside of rounds only, and has a frozen teacher."""

    roles: ClassVar = {
        "encoder": Role("example", "latent"),
        "discriminator": Role("latent", "logits"),
        "teacher": Role("latent", "latent", player=None),
    }

    def real(self, scene):
        return Side(latent=scene.call("teacher"))

    def fake(self, scene):
        return Side(latent=scene.call("encoder", scene.batch.side()))

    def sample(self, scene):
        return Side(example=scene.call("generator"))


class Translation(Encounter):
    """A right one, between examples and those of a stream, which have another shape."""

    streams = ("other",)

    def __init__(self, context):
        self.shape = context.streams["other"].shape
        self.roles = {
            "generator": Role("other.example", "example"),
            "generator_b": Role("example", "other.example"),
            "discriminator_b": Role("other.example", "logits"),
        }

    def meet(self, scene):
        a, b = scene.batch.side(), scene.batch.streams["other"].side()
        assert b.example.shape[1:] == self.shape
        to_a = Side(example=scene.call("generator", b))
        to_b = Side(example=scene.call("generator_b", a))
        return {"a": Duel(a, to_a), "b": Duel(b, to_b, judge="discriminator_b")}

    def sample(self, scene):
        return Side(example=scene.call("generator", scene.batch.streams["other"].side()))


class Unsampled(Encounter):
    """A right one that makes no examples."""

    sample = None


class Unequal(Encounter):
    def fake(self, scene):
        fake = super().fake(scene)
        return Side(example=fake.example[:-1])


class Bare(Encounter):
    def real(self, scene):
        return scene.batch.examples


class Alone(Encounter):
    def meet(self, scene):
        return Duel(self.real(scene), self.fake(scene))


class Noisy(Encounter):
    def real(self, scene):
        x = super().real(scene)
        return x.having(example=x.example + tf.random.normal(tf.shape(x.example)))


class Stopped(Inference):
    def real(self, scene):
        x = super().real(scene)
        return x.having(latent=tf.stop_gradient(x.latent))


class Faint(Inference):
    def real(self, scene):
        x = super().real(scene)
        return x.having(latent=0.0 * x.latent)


class Idle(Encounter):
    roles: ClassVar = {"critic": Role("example", "latent", player=None)}


class Copying(Encounter):
    def sample(self, scene):
        return scene.batch.side()


class Empty(Encounter):
    def sample(self, scene):
        return Side(latent=scene.told("latent"))


class Centred(Encounter):
    def sample(self, scene):
        made = self.fake(scene).example
        return Side(example=made - tf.reduce_mean(made, axis=0))


class Eager(Encounter):
    def fake(self, scene):
        fake = super().fake(scene)
        return fake.having(example=fake.example * float(np.abs(fake.example).max()))


class Talkative(Encounter):
    def observe(self, play):
        return {"mean": tf.reduce_mean(play.fake.example)}


class Counting(Encounter):
    played = 0

    def update(self, play):
        self.played += 1

    def fake(self, scene):
        fake = super().fake(scene)
        return fake.having(example=fake.example / (1.0 + self.played))


class Crash(Encounter):
    def real(self, scene):
        return scene.batch.no_such_thing


@pytest.mark.slow  # docs/kinds/encounters.md checks its like
def test_a_right_one_passes() -> None:
    check_encounter(Inference)


@pytest.mark.parametrize(
    ("encounter", "check", "example"),
    [
        (Aggregated, "reaches_every_network_that_moves", None),
        (Aggregated, "uses_the_networks_that_it_declares", None),
        (Aggregated, "plays_a_short_game", None),
        (Unsampled, "samples_without_real_examples", None),
        (Translation, "meets_on_equal_terms", OTHER),
        (Translation, "samples_without_real_examples", OTHER),
        (Translation, "works_compiled", OTHER),
        (Translation, "plays_a_short_game", OTHER),
        (Inpainting, "meets_on_equal_terms", IMAGES),
        (Inpainting, "samples_without_real_examples", IMAGES),
        (Inpainting, "works_compiled", IMAGES),
    ],
)
def test_no_false_alarm(encounter: Any, check: str, example: Any, failure: Failure) -> None:
    assert failure("encounters", encounter, check, example) == ""


@pytest.mark.parametrize(
    ("encounter", "check", "message"),
    [
        (Role("example", "latent"), "is_of_its_kind", "makes Role, not an advnets.game.Encounter"),
        (Unequal, "meets_on_equal_terms", "unequal sides: 5 real examples, 4 fake"),
        (Bare, "meets_on_equal_terms", "real side of a duel is no Side but"),
        (Alone, "plays_a_short_game", "returns duels by name, not Duel"),
        (Noisy, "draws_from_the_draw", "scene.draw"),
        (Stopped, "reaches_every_network_that_moves", "does not depend on the encoder"),
        (Faint, "reaches_every_network_that_moves", "'encoder' should move with the generator"),
        (Idle, "uses_the_networks_that_it_declares", "declares critic in its roles"),
        (Copying, "samples_without_real_examples", "reads the batch's side"),
        (Empty, "samples_without_real_examples", r"a Side with examples of shape \(5, 2\)"),
        (Centred, "samples_without_real_examples", "a part at a time"),
        (Eager, "works_compiled", "fails as a graph"),
        (Talkative, "logs_one_value_per_example", "it logs 'mean'"),
        (Counting, "goes_on_where_it_was", "ends with another generator"),
        (Crash, "meets_on_equal_terms", r"raised AttributeError: [\s\S]*at .*test_encounters.py:"),
    ],
)
def test_finds(encounter: Any, check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("encounters", encounter, check))
