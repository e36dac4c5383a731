"""What a round of several families logs, and what it leaves behind, against values by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_augmentations.ada import Ada
from advnets_losses.began import Began
from advnets_losses.hinge import Hinge
from advnets_penalties.consistency import Consistency
from advnets_penalties.lecam import LeCam
from advnets_relativistic.paired import Relativistic
from advnets_semi_supervised.weighted import Weighted
from advnets_updates.unrolled import Unrolled
from advnets_wgan.wasserstein import Wasserstein

from advnets import UsageError
from advnets.game import AdversarialGame, InstanceNoise, NonSaturating, Penalty
from advnets.game.state import state_variables

X = np.random.default_rng(0).normal(0.0, 5.0, size=(8, 1)).astype("float32")
TOO_LARGE = np.full([8, 1], 1e30, "float32")
"""Numbers of which D's cubes are not."""


def network(*layers: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(1)
    cubed = keras.layers.Lambda(lambda x: x + 0.0 * x**3)
    return keras.Sequential([keras.Input((1,)), cubed, *layers, keras.layers.Dense(1)])


def made(**parts: Any) -> AdversarialGame:
    game = AdversarialGame(network(), parts.pop("discriminator", network()), **parts)
    game.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3))
    return game


def energy() -> keras.Model:
    x = keras.Input((1,))
    squared = keras.ops.square(keras.layers.Dense(1)(x))
    return keras.Model(x, {"energy": keras.ops.sum(squared, axis=1)})


# ---------------------------------------------------------------------------------- skipped steps

STATEFUL: dict[str, Callable[[], dict[str, Any]]] = {
    "ada": lambda: {
        "augmentations": [Ada([InstanceNoise(0.1)], images=80, interval=1, target=-0.9)]
    },
    "lecam": lambda: {"penalties": [LeCam(1.0, decay=0.5)]},
    "began": lambda: {"loss": Began(0.5, 0.1), "discriminator": energy()},
}


@pytest.mark.parametrize("door", ["train_step", "fit"])
@pytest.mark.parametrize("variant", STATEFUL)
def test_a_skipped_round_leaves_nothing_in_a_component(variant: str, door: str) -> None:
    game = made(**STATEFUL[variant]())
    game.skips = True

    def play(x: np.ndarray) -> None:
        if door == "fit":
            game.fit(x, batch_size=8, verbose=0)
        else:
            game.train_step(tf.constant(x))

    def states() -> dict[str, Any]:
        named = state_variables(game).items()
        parts = ("augmentations", "penalties", "loss/")
        floats = [(name, v) for name, v in named if v.dtype.is_floating]
        return {name: v.numpy() for name, v in floats if name.startswith(parts)}

    play(X)
    before = states()
    assert before
    play(TOO_LARGE)
    for name, value in states().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    play(X)
    after = states()
    assert all(np.isfinite(value).all() for value in after.values())
    assert any((after[name] != before[name]).any() for name in before)


@pytest.mark.parametrize("door", ["train_step", "fit"])
def test_a_skipped_round_leaves_nothing_in_statistics_of_batches(door: str) -> None:
    """D saw what is not finite."""
    layer = keras.layers.BatchNormalization(momentum=0.5)
    game = made(discriminator=network(layer))
    game.skips = True

    def play(x: np.ndarray) -> list[np.ndarray]:
        if door == "fit":
            game.fit(x, batch_size=8, verbose=0)
        else:
            game.train_step(tf.constant(x))
        return [variable.numpy() for variable in layer.non_trainable_variables]

    first = play(X)
    for one, other in zip(play(TOO_LARGE), first, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(play(X)[0], first[0])


def test_an_epoch_in_which_no_round_was_sound_has_no_losses() -> None:
    game = made()
    game.skips = True
    logs = game.fit(TOO_LARGE, batch_size=8, verbose=0).history
    assert logs["d_skipped"] == [1.0]
    assert math.isnan(logs["d_loss"][0])
    assert game.fit(X, batch_size=8, verbose=0).history["d_loss"][0] > 0


# -------------------------------------------------------------------------------------------- logs


class Seen(Penalty):
    """Nothing, but for what it logs as ``seen``."""

    def __init__(self, number: float):
        self.number = number

    def __call__(self, play):
        return 0.0 * play.real.logits

    def observe(self, play):
        return {"seen": tf.fill(tf.shape(play.real.logits), self.number)}


def test_two_that_log_under_one_name_are_both_logged() -> None:
    logs = made(penalties=[Seen(1.0), Seen(2.0)]).train_on_batch(X, return_dict=True)
    assert (logs["seen"], logs["seen.penalties.1"]) == (1.0, 2.0)


def test_what_is_logged_is_of_the_states_that_the_round_was_played_by() -> None:
    game = made(loss=Began(0.5, 0.1), discriminator=energy())
    for _ in range(3):
        logs = game.train_on_batch(X, return_dict=True)
        expected = logs["energy_real"] - logs["k"] * logs["energy_fake"]
        assert logs["d_loss"] == pytest.approx(expected, rel=1e-5)
    assert float(game.loss.k) > logs["k"] > 0


# ------------------------------------------------------------------------------------- what is held


@keras.saving.register_keras_serializable(package="test_rounds")
class Counting(keras.layers.Layer):
    """Leave x, and count the batches, as statistics of batches do."""

    def build(self, shape):
        self.batches = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, x, training=False):
        if training:
            self.batches.assign_add(1.0)
        return x


def test_looking_ahead_moves_gs_statistics_no_more_often() -> None:
    counted = []
    for steps in (0, 1, 5):
        layer = Counting()
        game = AdversarialGame(network(layer), network(), updates=Unrolled(steps))
        game.compile("sgd", "sgd")
        game.train_on_batch(X)
        counted.append(float(layer.batches.numpy()))
    assert counted == [2.0] * 3  # a play of each player


# -------------------------------------------------------------------------------- signs, precision

RAMP = {"from": 0.0, "to": 1.0, "rounds": 5}


@pytest.mark.parametrize("loss", [Wasserstein(), Relativistic()])
def test_signs_are_read_beside_losses_only_by_which_they_mean_something(loss: Any) -> None:
    ada = Ada([InstanceNoise(0.1)])
    for parts in ({"augmentations": [ada]}, {"penalties": [Consistency([ada])]}):
        with pytest.raises(UsageError, match="reads the sign of D's logits"):
            made(loss=loss, **parts)
        with pytest.raises(UsageError, match="reads the sign of D's logits"):
            made(loss=Weighted(loss, discriminator=RAMP), **parts)
        for fine in (Hinge(), NonSaturating(), Weighted(Hinge(), discriminator=RAMP)):
            made(loss=fine, **parts)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_what_is_the_same_is_no_inconsistency(policy: str) -> None:
    """T(x) = x; in half precision C(x) is asked again, in float32, as C(T(x)) is."""
    keras.config.set_dtype_policy(policy)
    try:
        layers = [keras.layers.Dense(32, "tanh"), keras.layers.Dense(1, dtype="float32")]
        judge = keras.Sequential([keras.Input((1,)), *layers])
        game = made(discriminator=judge, penalties=[Consistency([InstanceNoise(0.0)], weight=1e6)])
    finally:
        keras.config.set_dtype_policy("float32")
    logs = game.train_on_batch(X, return_dict=True)
    assert abs(float(logs["d_penalties.0"])) < 1e-4
