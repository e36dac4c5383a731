"""A wrong condition fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from advnets.data import Field
from advnets.game import Condition, UniformClasses
from advnets.testing import check_condition

Failure = Callable[..., str]
SPECKLED = {"shape": (4, 4, 1), "fields": {"hidden": Field((4, 4, 2), "float32", kind="image")}}


class Level(Condition):
    """A right one: two numbers of [0, 1)."""

    field = Field((2,), "float32", low=0.0, high=1.0)

    def sample(self, draw, stream, n, batch=None):
        return draw.uniform(stream, (2,), n)


class Hidden(Condition):
    """A right one, of each example: x with half of its pixels hidden, and which."""

    of_example = True
    field = SPECKLED["fields"]["hidden"]

    def sample(self, draw, stream, n, batch=None):
        seen = tf.cast(draw.uniform(stream, (4, 4, 1), n) < 0.5, tf.float32)
        return tf.concat([seen * batch.examples, seen], -1)


class Constant(Condition):
    """A right one, if a dull one."""

    field = Field((), "int64", classes=3)

    def sample(self, draw, stream, n, batch=None):
        return tf.fill([n], tf.constant(1, tf.int64))


class Half(Level):
    def sample(self, draw, stream, n, batch=None):
        return draw.uniform(stream, (1,), n)


class Wide(Level):
    def sample(self, draw, stream, n, batch=None):
        return draw.normal(stream, (2,), n)


class OneTooMany(UniformClasses):
    """Rounds, so that the class K comes up."""

    def sample(self, draw, stream, n, batch=None):
        return tf.cast(tf.round(draw.uniform(stream, (), n) * self.field.classes), tf.int64)


class Real(UniformClasses):
    def sample(self, draw, stream, n, batch=None):
        return tf.floor(draw.uniform(stream, (), n) * 4)


class Unkeyed(Level):
    def sample(self, draw, stream, n, batch=None):
        return tf.random.uniform([n, 2])


class Frozen(Level):
    """Draws from NumPy, which a graph holds fixed."""

    def sample(self, draw, stream, n, batch=None):
        return draw.uniform(stream, (2,), n) * np.random.default_rng().random(2).astype("float32")


class Deaf(Level):
    def sample(self, draw, stream, n, batch=None):
        return draw.uniform("level", (2,), n)


class Ranked(Level):
    def sample(self, draw, stream, n, batch=None):
        return tf.sort(draw.uniform(stream, (2,), n), axis=0)


class Rationed(Level):
    """Each replica draws as if it were alone."""

    def sample(self, draw, stream, n, batch=None):
        alone = type(draw)(draw.seed, draw.step)
        return alone.uniform(stream, (2,), n)


class Secretive(Hidden):
    """Reads the batch, and doesn't say so."""

    of_example = False


class Blank(Level):
    field = None


class Crash(Level):
    def sample(self, draw, stream, n, batch=None):
        return {}["no such key"]


@pytest.mark.parametrize(("condition", "example"), [(Level, None), (Hidden, SPECKLED)])
def test_a_right_one_passes_without_a_warning(
    condition: type[Condition], example: Any, caplog: pytest.LogCaptureFixture
) -> None:
    check_condition(condition, example=example or {"fields": {"level": condition.field}})
    assert [each for each in caplog.records if each.levelname == "WARNING"] == []


def test_one_thing_for_all_is_no_fault(failure: Failure) -> None:
    assert failure("conditions", Constant, "is_a_function_of_the_draw") == ""


@pytest.mark.parametrize(
    ("condition", "check", "message"),
    [
        (Blank, "is_of_its_kind", "its field is None"),
        (Level(), "is_of_its_kind", ""),
        (Field, "is_of_its_kind", "raised TypeError"),
        (Half, "draws_what_its_field_says", r"shape \(1, 1\); its field says \(1, 2\)"),
        (Wide, "draws_what_its_field_says", "smallest is -.* its field says 0 to 1"),
        (OneTooMany(4), "draws_what_its_field_says", "largest 4; its field says 0 to 3"),
        (Real(4), "draws_what_its_field_says", "int64 was expected"),
        (Unkeyed, "is_a_function_of_the_draw", "the same draw and stream"),
        (Frozen, "is_a_function_of_the_draw", "the same draw and stream"),
        (Deaf, "is_a_function_of_the_draw", "the same values for another stream"),
        (Unkeyed, "draws_the_same_in_a_fresh_graph", "in a fresh graph"),
        (Frozen, "draws_the_same_in_a_fresh_graph", "not from tf.random or NumPy"),
        (Rationed, "does_not_depend_on_the_number_of_replicas", "two replicas"),
        (Ranked, "begins_with_the_values_of_a_smaller_draw", "not those of few"),
        (Frozen, "goes_on_where_it_was", "drew other values of the same seed"),
        (Secretive, "draws_what_its_field_says", "'NoneType' object has no attribute 'examples'"),
        (Crash, "draws_what_its_field_says", r"raised KeyError: .*\n  at .*test_conditions.py:\d+"),
    ],
)
def test_finds(condition: Any, check: str, message: str, failure: Failure) -> None:
    told = failure("conditions", condition, check)
    assert re.search(message, told) if message else not told
