"""Whatever a component raises becomes a failure that names the line of its author's."""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from advnets.game import Augmentation, Condition, Loss, Penalty, Prior, Side
from advnets.networks import NetworkContext
from advnets.testing import ConformanceError, cases, check_loss

Failure = Callable[..., str]
HERE = Path(__file__).name


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class Plain(Loss):
    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(real.logits - 1) + tf.square(fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(fake.logits - 1)


def raising(error: BaseException) -> type[Loss]:
    class Raising(Plain):
        def generator(self, real, fake):
            raise error

    return Raising


class Multiplied(Plain):
    def generator(self, real, fake):
        return tf.matmul(fake.logits, fake.logits)


@tf.function
def looked_up(x):
    if tf.reduce_sum(x) > 0.0:
        x = x + 1.0
    return x * {}["weight"]


class Transformed(Plain):
    """By AutoGraph, since its author asked for a graph."""

    def generator(self, real, fake):
        return looked_up(fake.logits)


class InTheGraph(Plain):
    """Of which the graph alone finds out."""

    def generator(self, real, fake):
        if not tf.executing_eagerly():
            tf.debugging.assert_less(tf.size(fake.logits), 3, "too many")
        return tf.square(fake.logits)


class Silent(Plain):
    def generator(self, real, fake):
        tf.square(fake.logits)


class Demanding(Plain):
    def __init__(self, weight):
        self.weight = weight


class Wrong(Penalty):
    requires = ("logits",)

    def __call__(self, play):
        return play.real.logits[:, 7]


class Absent(Penalty):
    def __call__(self, play):
        play.real.x * 2.0


class WrongPrior(Prior):
    def __init__(self):
        super().__init__(size=2)

    def sample(self, draw, stream, n):
        return draw.normal(stream, (2,), n).reshape(2)


class WrongMap(Augmentation):
    def __call__(self, x, draw, stream):
        raise Mute


class WrongCondition(Condition):
    def sample(self, draw, stream, n, batch=None):
        raise SystemExit(3)


class Layer(keras.layers.Layer):
    def call(self, x):
        return {"x": x}["y"]


def of_layer(context: NetworkContext) -> keras.Model:
    inputs = keras.Input(context.input_shape)
    return keras.Model(inputs, Layer()(inputs))


@keras.saving.register_keras_serializable("tests")
class Untried(keras.layers.Layer):
    """What Keras calls for the first time when the network is called."""

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape)

    def call(self, x):
        return tf.matmul(x, tf.zeros([77, 77]))


def of_untried(context: NetworkContext) -> keras.Model:
    inputs = keras.Input(context.input_shape)
    x = Untried()(keras.layers.Dense(5)(keras.layers.Flatten()(inputs)))
    x = keras.layers.Dense(math.prod(context.output_shape))(x)
    return keras.Model(inputs, keras.layers.Reshape(context.output_shape)(x))


def line(text: str) -> int:
    """The line of this file that has a text, the first one."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, one in enumerate(lines, 1) if text in one)


FIRST = "returns_one_value_per_example"


@pytest.mark.parametrize(
    ("kind", "what", "check", "said", "text"),
    [
        ("losses", raising(KeyError("k")), FIRST, "raised KeyError: 'k'", "raise error"),
        ("losses", raising(Mute()), FIRST, "raised Mute: (its text cannot be", "raise error"),
        ("losses", raising(SystemExit(2)), FIRST, "raised SystemExit: 2", "raise error"),
        ("losses", Multiplied, FIRST, "raised InvalidArgumentError: In[0]", "tf.matmul(fake"),
        ("losses", Transformed, FIRST, "raised KeyError: 'weight'", '{}["weight"]'),
        ("losses", InTheGraph, "works_compiled", "assertion failed: [too many]", "assert_less"),
        ("losses", InTheGraph, "plays_a_short_game", "raised InvalidArg", "assert_less"),
        ("losses", Silent, FIRST, "generator() returned NoneType", "class Silent"),
        ("losses", Silent, "follows_the_examples", "generator() returned NoneType", "class Silent"),
        ("losses", Demanding, FIRST, "missing 1 required", "class Demanding"),
        ("losses", lambda: 3, FIRST, "it makes int, not an advnets.game.Loss", "lambda: 3"),
        ("penalties", Wrong, FIRST, "raised InvalidArgumentError", "play.real.logits[:, 7]"),
        ("penalties", Absent, FIRST, "the penalty returned NoneType", "class Absent"),
        ("priors", WrongPrior, None, "raised AttributeError", ".reshape(2)"),
        ("augmentations", WrongMap, None, "raised Mute", "raise Mute"),
        ("conditions", WrongCondition, None, "raised SystemExit: 3", "raise SystemExit(3)"),
        ("architectures", of_layer, "is_finite_in_float32", "KeyError: 'y'", '["y"]'),
        ("architectures", of_untried, "is_finite_in_float32", "Matrix size", "[77, 77]"),
        (
            "architectures",
            functools.partial(of_untried),
            "is_finite_in_float32",
            *("Matrix size", "[77, 77]"),
        ),
        ("architectures", lambda c: None, "is_finite_in_float32", "not a keras.Model", "lambda c"),
    ],
)
def test_it_names_the_line(
    kind: str, what: Any, check: str | None, said: str, text: str, failure: Failure
) -> None:
    told = failure(kind, what, check or "is_a_function_of_the_draw")
    assert said in told
    assert re.search(rf"\n  at .*{HERE}:{line(text)}$", told), told


def test_of_a_component_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plugin_raises.py"
    file.write_text(
        "from advnets import Component, hookimpl\n\n@hookimpl\ndef advnets_losses():\n"
        "    return [Component('looking_up', 'plugin_raises:make', 'looks a weight up')]\n\n"
        "def make():\n    from advnets.game import Minimax\n\n    class LookingUp(Minimax):\n"
        "        def generator(self, real, fake):\n            return {}['weight']\n\n"
        "    return LookingUp()\n",
        encoding="utf-8",
    )
    (case,) = [one for one in cases(str(file)) if one.check == FIRST]
    with pytest.raises(ConformanceError) as caught:
        case.run()
    sys.modules.pop("plugin_raises", None)
    said = str(caught.value).splitlines()
    assert said[0] == "'looking_up' of losses: raised KeyError: 'weight'"
    assert said[-1] == f"  at {file}:12"


def test_every_failure_of_an_object_has_its_place() -> None:
    with pytest.raises(ConformanceError) as caught:
        check_loss(Silent())
    failures = [one for one in str(caught.value).splitlines() if re.match(r"\w+: ", one)]
    places = re.findall(rf"^  at .*{HERE}:\d+$", str(caught.value), re.MULTILINE)
    assert len(places) == len(failures) > 5
    assert "TypeError" not in str(caught.value)
