"""A round that assigns a variable which nobody saves is refused, by whatever way it is played."""

import re
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import R1, AdversarialGame, state
from advnets.game.state import find_variables, state_variables

EVERYONES = state(0.5)


class Global(R1):
    def __call__(self, play):
        EVERYONES.assign_add(1.0)
        return super().__call__(play)


class InABranch(R1):
    def __call__(self, play):
        tf.cond(play.draw.step > 2, lambda: EVERYONES.assign_add(1.0), lambda: EVERYONES + 0.0)
        return super().__call__(play)


class Reading(R1):
    def __call__(self, play):
        weight = tf.cond(play.draw.step > 2, lambda: EVERYONES + 1.0, lambda: EVERYONES + 0.0)
        return weight * super().__call__(play)


class Growing(R1):
    """Its weight is 1 + the number of rounds played."""

    def __init__(self):
        super().__init__(1.0)
        self.parts = {"weight": [state(1.0)]}

    def __call__(self, play):
        return self.parts["weight"][0].assign_add(1.0) * super().__call__(play)


class Counting(R1):
    """Its weight is meant to be the number of rounds played."""

    def __init__(self):
        super().__init__(1.0)
        self.count, self.cached = 0, None

    def __call__(self, play):
        self.count += 1
        self.cached = int(play.real.x.shape[-1])
        return self.count * super().__call__(play)


def closure():
    remembered = state(0.25)

    class Closure(R1):
        def __call__(self, play):
            remembered.assign(remembered * 2.0)
            return super().__call__(play)

    return Closure()


def game(*penalties):
    networks = [
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)]),
        keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()]),
    ]
    networks[1].add(keras.layers.Dense(1))
    made = AdversarialGame(*networks, penalties=penalties)
    made.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.01, momentum=0.9))
    return made


def fit(made):
    made.fit(np.ones([12, 2], "float32"), batch_size=4, verbose=0)


@pytest.mark.parametrize(
    ("penalty", "name"),
    [(Global, "EVERYONES"), (InABranch, "EVERYONES"), (closure, "remembered")],
)
def test_fit_refuses_it_by_name_and_line(penalty, name, measured):
    made = game(penalty())
    with (
        measured.timed("state_saved_nowhere"),
        pytest.raises(PluginError, match=f"assigns the variable '{name}'") as caught,
    ):
        fit(made)
    assert re.match(rf"{re.escape(__file__)}:\d+$", caught.value.where)
    assert caught.value.module == __name__
    assert int(made.rounds.numpy()) == 0


def test_a_number_that_is_counted_in_python_is_refused():
    made = game(R1(), Counting())
    with pytest.raises(PluginError, match=r"'count' of penalties.1, 0 → 1, in Python") as caught:
        fit(made)
    assert "self.count = advnets.game.state(0)" in caught.value.hint
    assert int(made.rounds.numpy()) == 0


def test_one_that_is_only_read_is_free():
    fit(game(Reading()))


def test_one_that_a_component_holds_is_saved():
    made = game(R1(), Growing())
    fit(made)
    found = {k: v for k, v in state_variables(made).items() if k.startswith("penalties")}
    assert {name: float(value) for name, value in found.items()} == {"penalties.1/0000/parts": 4.0}


def test_layers_generators_and_nested_objects_are_searched_and_circles_end():
    class Part:
        pass

    layer = keras.layers.Dense(1)
    layer.build((2,))
    outer, inner = Part(), Part()
    outer.inner, inner.outer, inner.layer = inner, outer, layer
    outer.noise = keras.random.SeedGenerator(1)
    outer.unnamed, outer.again = keras.Variable(1.0), [layer, layer.kernel]
    outer.kind, outer.text = Part, "text"
    names = [name for name, _ in find_variables(outer)]
    assert names == ["kernel", "bias", "seed_generator_state", "unnamed"]


@pytest.mark.slow
def test_two_replicas(preloaded):
    script = Path(__file__).with_name("two_replicas_with_state.py")
    done = subprocess.run([*preloaded, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["refused", "4.0", "4.0"]
