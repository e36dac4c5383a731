"""A wrong network fails the check that is meant for its fault."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

import keras
import pytest

from advnets import Component
from advnets.errors import UsageError
from advnets.networks import Dropout, NetworkContext
from advnets.testing import check_architecture

Failure = Callable[..., str]
Build = Callable[[NetworkContext], keras.Model]


def network(context: NetworkContext, *extra: Any, seeded: bool = True) -> keras.Model:
    """A right one, if nothing extra goes into it."""

    def start(name: str) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(context.seed_for(name) if seeded else 1)

    inputs = keras.Input(context.input_shape)
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(5, "tanh", kernel_initializer=start("hidden"), name="hidden")(x)
    for layer in extra:
        x = layer(x)
    out = keras.layers.Dense(math.prod(context.output_shape), kernel_initializer=start("out"))(x)
    return keras.Model(inputs, keras.layers.Reshape(context.output_shape)(out))


class Homeless(keras.layers.Layer):
    """Not registered, so that a saved model cannot be loaded."""

    def call(self, x):
        return 2.0 * x


@keras.saving.register_keras_serializable("tests")
class Idle(keras.layers.Layer):
    def build(self, shape):
        self.idle = self.add_weight(name="idle", shape=(1,))

    def call(self, x):
        return x


def of_28(context: NetworkContext) -> keras.Model:
    """A right one, for images of 28×28 alone; it does not even ask."""
    if context.role == "encoder":
        raise UsageError("no encoders")
    if context.role == "generator":
        x = inputs = keras.Input(context.input_shape)
        start = keras.initializers.GlorotUniform(context.seed_for("a"))
        x = keras.layers.Dense(784, kernel_initializer=start)(x)
        return keras.Model(inputs, keras.layers.Reshape((28, 28, 1))(x))
    inputs = keras.Input((28, 28, 1))
    start = keras.initializers.GlorotUniform(context.seed_for("a"))
    x = keras.layers.Conv2D(1, 7, 7, kernel_initializer=start, name="patches")(inputs)
    return keras.Model(inputs, x)  # logits [N, 4, 4, 1]


def of_sequences(context: NetworkContext) -> keras.Model:
    """A right one: a discriminator that judges each step, [N, T]."""
    inputs = keras.Input(context.input_shape)
    start = keras.initializers.GlorotUniform(context.seed_for("a"))
    x = keras.layers.Conv1D(1, 3, padding="same", kernel_initializer=start)(inputs)
    return keras.Model(inputs, keras.layers.Reshape(context.input_shape[:1])(x))


def spectral(context: NetworkContext) -> keras.Model:
    """A right one: what it divides by moves in training."""
    start = keras.initializers.GlorotUniform(context.seed_for("a"))
    dense = keras.layers.Dense(5, "tanh", kernel_initializer=start)
    return network(context, keras.layers.SpectralNormalization(dense))


def normalised(context: NetworkContext) -> keras.Model:
    """A right one, with averages that move in training."""
    return network(context, keras.layers.BatchNormalization())


def told(context: NetworkContext, *deaf: str) -> keras.Model:
    """A right one, unless it is deaf to something."""
    inputs = context.inputs()
    heard = {name: x for name, x in inputs.items() if name not in deaf}
    x = context.dense(6, "hidden", "tanh")(context.joined(heard))
    x = context.dense(math.prod(context.output_shape), "output")(x)
    return context.model(inputs, keras.layers.Reshape(context.output_shape)(x))


def told_of_labels_alone(context: NetworkContext) -> keras.Model:
    given = {name: one for name, one in context.given.items() if name == "label"}
    return told(dataclasses.replace(context, given=given))


def always_a_discriminator(context: NetworkContext) -> keras.Model:
    if context.role == "generator":
        return network(context)
    return network(dataclasses.replace(context, output_shape=()))


def typo(context: NetworkContext) -> keras.Model:
    return context.no_such_thing


def with_dropout(context: NetworkContext) -> keras.Model:
    return network(context, Dropout(0.5, f"{context.role}/dropout"))


def of_images_only(context: NetworkContext) -> keras.Model:
    data = context.output_shape or context.input_shape
    if len(data) != 3:
        raise UsageError("images, please")
    return network(context)


@pytest.mark.parametrize("build", [network, with_dropout, of_images_only])
def test_a_right_one_passes(build: Build) -> None:
    check_architecture(build)


@pytest.mark.parametrize(
    ("build", "check", "message"),
    [
        (lambda c: network(c, keras.layers.Dropout(0.5)), "draws_from_the_draw", "Dropout"),
        (lambda c: network(c, seeded=False), "starts_from_its_seed", "whatever the run's seed"),
        (lambda c: network(c, Homeless()), "can_be_saved", "register_keras_serializable"),
        (lambda c: network(c, Idle()), "gives_every_weight_a_gradient", "depends on .*idle"),
        (
            lambda c: network(c, keras.layers.Lambda(keras.ops.log)),
            "is_finite_in_float32",
            "not finite",
        ),
        (always_a_discriminator, "builds_an_encoder_or_refuses", r"\(5, 3\) was expected"),
        (told_of_labels_alone, "is_told_what_it_has_inputs_for", "none for numbers"),
        (lambda c: told(c, "label"), "is_told_what_it_has_inputs_for", "the same whatever label"),
        (typo, "is_finite_in_float32", r"raised AttributeError: .*\n  at .*architectures.py:\d+"),
        (
            lambda c: keras.Sequential([keras.layers.Dense(1)]),
            "builds_what_its_role_needs",
            "is not built",
        ),
        (
            lambda c: keras.Sequential([keras.Input(c.input_shape), keras.layers.Flatten()]),
            "builds_what_its_role_needs",
            r"shape \(5, 8, 8, 1\) was expected",
        ),
    ],
    ids=[
        *("dropout", "seed", "save", "idle", "log", "encoder", "told", "deaf", "typo"),
        *("unbuilt", "shape"),
    ],
)
def test_finds(build: Build, check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("architectures", build, check))


PLAYED = ("builds_what_its_role_needs", "plays_a_short_game")
TRAINED = ("draws_from_the_draw", "plays_a_short_game")


@pytest.mark.parametrize(
    ("build", "example", "checks"),
    [
        (of_28, {"shape": (28, 28, 1)}, (*PLAYED, "builds_an_encoder_or_refuses")),
        (spectral, {"shape": (3,)}, (*TRAINED, "starts_from_its_seed", "can_be_saved")),
        (normalised, {"shape": (3,)}, TRAINED),
        (told, None, ("is_told_what_it_has_inputs_for", "builds_an_encoder_or_refuses")),
        (network, None, ("is_told_what_it_has_inputs_for",)),
    ],
)
def test_no_false_alarm(build: Build, example: Any, checks: Any, failure: Failure) -> None:
    for check in checks:
        assert failure("architectures", build, check, example) == ""


def test_a_component_says_what_it_is_for() -> None:
    check_architecture(
        Component(
            "steps",
            f"{__name__}:of_sequences",
            "judges each step of a sequence",
            roles=("discriminator",),
            example={"shape": (6, 2)},
        )
    )


def test_refusing_everything_is_no_way_out(failure: Failure) -> None:
    def refuse(context: NetworkContext) -> keras.Model:
        raise UsageError("no")

    assert "refuses data of shape" in failure("architectures", refuse, "is_finite_in_float32")
