"""A wrong network fails the check that is meant for its fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import keras
import pytest

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


@keras.saving.register_keras_serializable("tests")
class Centred(keras.layers.Layer):
    """Lets examples influence each other, and doesn't say so."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0, keepdims=True)


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


class Declared(Centred):
    mixes_examples = True


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
        (lambda c: network(c, Centred()), "treats_examples_alone_or_says_so", "mixes_examples"),
        (lambda c: network(c, keras.layers.Dropout(0.5)), "draws_from_the_draw", "Dropout"),
        (lambda c: network(c, seeded=False), "starts_from_its_seed", "whatever the run's seed"),
        (lambda c: network(c, Homeless()), "can_be_saved", "register_keras_serializable"),
        (lambda c: network(c, Idle()), "gives_every_weight_a_gradient", "depends on .*idle"),
        (
            lambda c: network(c, keras.layers.Lambda(keras.ops.log)),
            "is_finite_in_float32",
            "not finite",
        ),
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
    ids=["mixing", "dropout", "seed", "save", "idle", "log", "unbuilt", "shape"],
)
def test_finds(build: Build, check: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure("architectures", build, check))


def test_mixing_may_be_declared(failure: Failure) -> None:
    def build(context: NetworkContext) -> keras.Model:
        return network(context, Declared())

    assert not failure("architectures", build, "treats_examples_alone_or_says_so")


def test_refusing_everything_is_no_way_out(failure: Failure) -> None:
    def refuse(context: NetworkContext) -> keras.Model:
        raise UsageError("no")

    assert "refuses data of shape" in failure("architectures", refuse, "is_finite_in_float32")
