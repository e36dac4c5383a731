"""A wrong network fails the check that is meant for its fault."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from advnets import Component
from advnets.errors import UsageError
from advnets.networks import NetworkContext
from advnets.testing import check_architecture

from . import author_networks
from .author_networks import BUILDERS, CLASS, RIGHT

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


def of_images_only(context: NetworkContext) -> keras.Model:
    data = context.output_shape or context.input_shape
    if len(data) != 3:
        raise UsageError("images, please")
    return network(context)


def repacked(context: NetworkContext) -> keras.Model:
    """PacGAN with one logit for two examples."""
    inputs = keras.Input(context.input_shape)
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Lambda(lambda x: keras.ops.reshape(x, (-1, 2 * x.shape[1])))(x)
    x = keras.layers.Dense(1)(x)
    x = keras.layers.Lambda(lambda x: keras.ops.repeat(x, 2, axis=0))(x)
    return keras.Model(inputs, x)


def squeezed(context: NetworkContext) -> keras.Model:
    model = network(context)
    out = keras.layers.Lambda(lambda x: tf.squeeze(x), output_shape=())(model.output)
    return keras.Model(model.input, out)


@keras.saving.register_keras_serializable("tests")
class Unsaved(keras.layers.Layer):
    """Divides by what it remembers, which is no weight."""

    def build(self, shape):
        self.seen = tf.Variable(1.0, trainable=False)

    def call(self, x, training=False):
        if training:
            self.seen.assign(0.5 * self.seen + 0.5 * tf.reduce_max(tf.abs(x)))
        return x / self.seen


class Counted(keras.layers.Layer):
    calls = 0

    def call(self, x):
        self.calls += 1
        return x * self.calls


@keras.saving.register_keras_serializable("tests")
class Noisy(keras.layers.Layer):
    def call(self, x):
        return x + tf.random.normal(tf.shape(x))


def of_discriminators(build: Build) -> Component:
    """A component of it, for discriminators of vectors alone."""
    BUILDERS["tried"] = build
    target, example = f"{author_networks.__name__}:build_tried", {"shape": (3,)}
    return Component("tried", target, "is tried", roles=("discriminator",), example=example)


@pytest.mark.parametrize("build", [network, of_images_only])
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
            r"returns shape \(12, 3\); shape \(12, 8, 8, 1\) was expected",
        ),
    ],
    ids=[
        *("dropout", "seed", "save", "idle", "log", "encoder", "told", "deaf", "typo"),
        *("unbuilt", "shape"),
    ],
)
def test_finds(build: Build, check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("architectures", build, check))


TRAINED = ("draws_from_the_draw", "meets_batches_of_any_size", "goes_on_where_it_was")
SAID = ("is_told_what_it_has_inputs_for", "builds_an_encoder_or_refuses")
AT_ONCE = {
    "spectral": (*TRAINED, "starts_from_its_seed", "can_be_saved"),
    "keras_spectral": (*TRAINED, "starts_from_its_seed"),
    "batch": TRAINED,
    "instance": TRAINED,
    "discrimination": TRAINED,
    "packed": TRAINED,
    "wrapping": ("meets_batches_of_any_size", "can_be_saved"),
    "recurrent": (*TRAINED, *SAID, "builds_what_its_role_needs"),
    "of_28": ("builds_what_its_role_needs", *SAID),
    "attending": ("gives_every_weight_a_gradient",),
    "by_class": (*TRAINED, *SAID, "works_compiled", "plays_a_short_game"),
    "projected": (*TRAINED, *SAID, "works_compiled", "plays_a_short_game"),
    "jittered": (*TRAINED, "works_compiled"),
    "half_frozen": ("starts_from_its_seed", "gives_every_weight_a_gradient"),
    "weightless": ("starts_from_its_seed", "goes_on_where_it_was", *SAID),
    "from_ones": ("starts_from_its_seed",),
}


def component(name: str) -> Component:
    _, example, roles = RIGHT[name]
    target = f"{author_networks.__name__}:build_{name}"
    return Component(name, target, "as authors write it", roles=roles, example=example)


@pytest.mark.parametrize("name", AT_ONCE)
def test_no_false_alarm(name: str, failure: Failure) -> None:
    for check in AT_ONCE[name]:
        assert failure("architectures", component(name), check) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_no_false_alarm_in_any_check(name: str) -> None:
    check_architecture(component(name))


@pytest.mark.parametrize(
    ("build", "check", "message"),
    [
        (repacked, "meets_batches_of_any_size", "fails for a batch of 1: .*\n.*tf.roll"),
        (squeezed, "meets_batches_of_any_size", r"of shape \(\) for a batch of 1"),
        (lambda c: network(c, Unsaved()), "goes_on_where_it_was", "moves is none of them"),
        (lambda c: network(c, Counted()), "goes_on_where_it_was", "add_weight"),
        (lambda c: network(c, Noisy()), "draws_from_the_draw", "segmented_uniform"),
    ],
    ids=["packed", "squeezed", "unsaved", "counted", "noisy"],
)
def test_finds_in_a_discriminator(build: Build, check: str, message: str, failure: Failure) -> None:
    told = failure("architectures", of_discriminators(build), check)
    assert re.search(message, told)
    assert re.search(r"\n  at .*test_architectures.py:\d+$", told)


def test_one_that_is_always_told_something_is_found_deaf(failure: Failure) -> None:
    example = {"given": CLASS, "shape": (3,)}
    check = "is_told_what_it_has_inputs_for"
    said = failure("architectures", lambda context: told(context, "label"), check, example)
    assert "told label returns the same whatever label is" in said


def test_refusing_everything_is_no_way_out(failure: Failure) -> None:
    def refuse(context: NetworkContext) -> keras.Model:
        raise UsageError("no")

    assert "refuses data of shape" in failure("architectures", refuse, "is_finite_in_float32")
