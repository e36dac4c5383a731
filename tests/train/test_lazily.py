"""A penalty in every n-th round, n times: by hand, by recipe, and on replicas."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, ClassVar

import games
import keras
import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.errors import RecipeError, UsageError
from advnets.game import (
    R1,
    AdversarialGame,
    Every,
    Loss,
    Penalty,
    Role,
    state,
)
from advnets.game.lazily import patterns
from advnets.networks import Dropout

X = np.linspace(-1, 1, 8, dtype="float32")[:, None]


class Nothing(Loss):
    """0, for both."""

    def discriminator(self, real, fake):
        return 0.0 * real.logits

    def generator(self, real, fake):
        return 0.0 * fake.logits


class Counted(Penalty):
    """w, 1 at first, and how many rounds computed it."""

    def __init__(self):
        self.computed = state(0)

    def __call__(self, play):
        self.computed.assign_add(1)
        return tf.ones_like(play.real.logits) + 0.0 * play.real.logits


def game(*penalties: Any, **parts: Any) -> AdversarialGame:
    keras.utils.set_random_seed(1)
    made = AdversarialGame(
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]),
        penalties=penalties,
        **({"loss": Nothing()} | parts),
    )
    made.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return made


def test_in_every_third_round_three_times_and_computed_in_no_other():
    made = game(Every(3, Counted()))
    losses = [float(made.train_on_batch(X, return_dict=True)["d_loss"]) for _ in range(7)]
    assert losses == [3.0, 0.0, 0.0, 3.0, 0.0, 0.0, 3.0]
    assert int(made.penalties[0].computed) == 3


def test_looking_at_the_game_the_penalty_is_what_it_is():
    lazy, plain = game(Every(3, R1(2.0))), game(R1(2.0))
    for _ in range(2):
        seen = [one.evaluate(X, verbose=0, return_dict=True)["d_loss"] for one in (lazy, plain)]
        assert seen[0] == seen[1] > 0
        lazy.rounds.assign_add(1)


def test_several_with_periods_of_their_own():
    made = game(Every(2, Counted()), Counted(), Every(3, Counted()))
    logged = [made.train_on_batch(X, return_dict=True) for _ in range(7)]
    values = [[float(logs[f"d_penalties.{i}"]) for i in range(3)] for logs in logged]
    expected = [[2.0 * (r % 2 == 0), 1.0, 3.0 * (r % 3 == 0)] for r in range(7)]
    assert values == expected
    assert [int(p.computed) for p in made.penalties] == [4, 7, 3]


def test_which_periods_divide_a_round():
    for periods in ([2, 3], [2, 4], [2, 3, 6], [5], [4, 6, 9]):
        found = patterns(periods)
        seen = {
            sum(2**i for i, n in enumerate(periods) if r % n == 0): tuple(
                n for n in periods if r % n == 0
            )
            for r in range(500)
        }
        assert {i: p for i, p in enumerate(found) if p is not None} == seen


def test_the_moves_are_those_of_the_formula():
    """R1 every second round: as one with γ = 2 · 10 in even rounds, and 0 in odd ones."""
    lazy, by_hand = game(Every(2, R1(10.0))), game(R1({"from": 20.0, "to": 0.0, "rounds": 1}))
    for number in range(4):
        lazy.train_on_batch(X)
        if number == 2:
            by_hand.rounds.assign(0)  # γ = 20 again
        by_hand.train_on_batch(X)
        for one, other in zip(
            lazy.discriminator.variables, by_hand.discriminator.variables, strict=True
        ):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-6, atol=1e-7)


def test_in_the_mean_over_where_it_begins_it_is_the_penalty_of_every_round():
    """Of a game that stands still: over four beginnings each batch counts once, four times."""
    batches = np.random.default_rng(1).normal(size=(8, 6, 1)).astype("float32")
    lazy, plain = game(Every(4, R1(2.0)), R1(0.0)), game(R1(2.0), R1(0.0))
    for one in (lazy, plain):
        one.compile(keras.optimizers.SGD(1e-12), keras.optimizers.SGD(1e-12))

    def penalties(made: AdversarialGame, first: int) -> list[float]:
        order = np.roll(batches, first, axis=0)
        logs = [made.train_on_batch(x, return_dict=True) for x in order]
        return [float(each["d_penalties.0"]) for each in logs]

    every, fourth = penalties(plain, 0), [penalties(lazy, first) for first in range(4)]
    assert np.mean(fourth) == pytest.approx(np.mean(every), rel=1e-5)
    assert np.std(every) > 0
    assert not np.allclose(np.mean(fourth, axis=1), np.mean(every), rtol=1e-3)


def test_a_round_out_of_any_loop_is_the_same():
    """`train_step` alone asks which round it is, as what plays many of them does."""
    made, alone = game(Every(2, R1(10.0))), game(Every(2, R1(10.0)))
    step = tf.function(alone.train_step, autograph=False)
    for _ in range(3):
        one, other = made.train_on_batch(X, return_dict=True), step(tf.constant(X))
        assert float(one["d_loss"]) == pytest.approx(float(other["d_loss"]))
    for a, b in zip(made.discriminator.variables, alone.discriminator.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)


class Noisy(Penalty):
    """What a D with dropout says of x once more: other noise for each critic of a round."""

    def __call__(self, play):
        return play.real.critic(play.real.x).logits


def test_called_alone_a_round_has_the_noise_of_a_run():
    """Where the first penalty is not due, the second one's critic is the first in the round."""

    def dropping() -> AdversarialGame:
        layers = [keras.Input((1,)), keras.layers.Dense(8, "tanh"), Dropout(0.5, "d/dropout")]
        made = AdversarialGame(
            keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
            keras.Sequential([*layers, keras.layers.Dense(1)]),
            penalties=[Every(2, Noisy()), Noisy()],
            loss=Nothing(),
        )
        made.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        return made

    keras.utils.set_random_seed(1)
    by_fit = dropping()
    alone, traced = dropping(), dropping()
    for other in (alone, traced):
        other.discriminator.set_weights(by_fit.discriminator.get_weights())
        other.generator.set_weights(by_fit.generator.get_weights())
    step = tf.function(traced.train_step, autograph=False)
    for _ in range(4):
        by_fit.train_on_batch(X)
        alone.train_step(X)
        step(tf.constant(X))
    for other in (alone, traced):
        for one, known in zip(
            other.discriminator.weights, by_fit.discriminator.weights, strict=True
        ):
            np.testing.assert_allclose(one, known, rtol=1e-5, atol=1e-7)


class Asked(Penalty):
    """‖q(G(z)) − 1‖², of a network that nothing else calls."""

    player = "generator"
    roles: ClassVar = {"q": Role("example", {"said": (1,)})}

    def __call__(self, play):
        return tf.reduce_sum((play.call("q", play.fake) - 1.0) ** 2, 1)


def test_a_network_that_a_lazy_penalty_alone_reaches_goes_on_by_its_momentum():
    """In rounds that are compiled without it the gradient is 0, as by the formula."""

    def asked():
        keras.utils.set_random_seed(1)
        q = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        made = game(Every(2, Asked()), networks={"q": q})
        made.compile(*(keras.optimizers.SGD(0.1, momentum=0.9) for _ in "gd"))
        return made

    made, alone, eager = asked(), asked(), asked()
    step = tf.function(alone.train_step, autograph=False)
    eager.run_eagerly = True
    seen = []
    for _ in range(3):
        made.train_on_batch(X)
        step(tf.constant(X))
        eager.train_on_batch(X)
        seen.append(float(made.networks["q"].get_weights()[0].item()))
    assert len(set(seen)) == 3  # it moved in round 1 too
    for other in (alone, eager):
        for a, b in zip(made.networks["q"].variables, other.networks["q"].variables, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)
    late = asked()
    late.run_eagerly = True
    late.rounds.assign(1)  # as one that was loaded begins with a round that lacks it
    late.train_on_batch(X)


def test_it_is_saved_and_shown(tmp_path, capsys):
    """Several, each with what is its own: Keras tells objects apart by their addresses."""
    made = game(Every(3, R1(2.0)), Every(2, Noisy()), R1(1.0), Every(6, R1(7.0)))
    made.summary()
    listed = "Every(3, R1(gamma=2.0)), Every(2, Noisy()), R1(gamma=1.0), Every(6, R1(gamma=7.0))"
    assert listed in capsys.readouterr().out
    made.train_on_batch(X)
    made.save(tmp_path / "game.keras")
    loaded = keras.saving.load_model(tmp_path / "game.keras")
    assert list(map(repr, loaded.rota.listed)) == list(map(repr, made.rota.listed))
    assert loaded.rota.every == {0: 3, 1: 2, 3: 6}
    for _ in range(3):
        assert made.train_on_batch(X, return_dict=True) == loaded.train_on_batch(
            X, return_dict=True
        )


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: Every(0, R1()), "every: a whole number of rounds was expected, got 0"),
        (lambda: Every(2, "r1"), "takes a penalty, got 'r1'"),
        (lambda: game(*(Every(n, R1()) for n in (2, 3, 5, 7))), "every 2, 3, 5, 7 rounds"),
    ],
)
def test_what_cannot_be(make, wrong):
    with pytest.raises(UsageError, match=wrong):
        make()


TINY: dict[str, Any] = games.TINY | {
    "penalties": [{"name": "r1", "gamma": 5.0, "every": 4}],
    "optimizers": {"generator": "adam", "discriminator": "adam"},
    "training": {"steps": 10, "batch_size": 16},
    "checkpoints": {"every": 5},
    "monitoring": games.TINY["monitoring"] | {"log_every": 1},
}


def test_a_recipe_says_it_and_a_run_that_is_resumed_is_the_same(tmp_path):
    whole = advnets.run(TINY, run_dir=tmp_path / "whole")
    advnets.run(TINY, {"training.steps": 5}, run_dir=tmp_path / "parts")
    parts = advnets.run(TINY, run_dir=tmp_path / "parts")
    assert parts.manifest["state_sha256"] == whole.manifest["state_sha256"]
    xla = advnets.run(TINY, {"distribution.jit": "on"}, run_dir=tmp_path / "xla")
    for row, other in zip(whole.metrics, xla.metrics, strict=True):
        assert row["d_loss"] == pytest.approx(other["d_loss"], rel=1e-4)


def test_norms_of_gradients_are_of_rounds_with_and_without(tmp_path):
    """Measured in every fourth round they would all be of rounds that have the penalty."""
    rows = {
        every: advnets.run(TINY, {"monitoring.log_every": every}, run_dir=tmp_path / str(every))
        for every in (1, 5)
    }
    each = [row["d_gradient_norm"] for row in rows[1].metrics]
    assert len(each) == 10
    assert min(each[0], each[4], each[8]) > 2 * max(each[1], each[5], each[9])
    means = [row["d_gradient_norm"] for row in rows[5].metrics]
    np.testing.assert_allclose(means, np.reshape(each, (2, 5)).mean(1), rtol=1e-5)
    by_hand = game(Every(2, R1(10.0)))
    by_hand.norms_every = 2
    logs = [by_hand.train_on_batch(X, return_dict=True) for _ in range(3)]
    assert all("norms_measured" not in one and one["d_gradient_norm"] > 0 for one in logs[::2])
    assert logs[1]["d_gradient_norm"] == 0.0  # of a loss that is nothing


def test_every_is_part_of_what_determines_a_run():
    from advnets.recipe import load_recipe

    plain = load_recipe(TINY, {"penalties": [{"name": "r1", "gamma": 5.0}]})
    assert load_recipe(TINY, {"penalties.0.every": 1}).identity() == plain.identity()
    assert load_recipe(TINY).identity() != plain.identity()
    assert load_recipe(load_recipe(TINY).data).data == load_recipe(TINY).data
    with pytest.raises(RecipeError, match="penalties.0.every: a whole number from 1 to"):
        load_recipe(TINY, {"penalties.0.every": 0})


def test_on_two_replicas_it_is_the_same_game(preloaded, tmp_path):
    """With batch statistics of all replicas, and an augmentation that fades: branches meet."""
    found = []
    for devices in ("1", "2"):
        out = tmp_path / f"{devices}.json"
        script = Path(__file__).with_name("lazily_on_devices.py")
        done = subprocess.run(
            [*preloaded, script, devices, out], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found.append(json.loads(out.read_text()))
    one, two = found
    assert one["lazy"][0] > 0
    for name in ("d_loss", "lazy"):
        np.testing.assert_allclose(two[name], one[name], rtol=1e-5)
    for a, b in zip(one["weights"], two["weights"], strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)
