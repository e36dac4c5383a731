"""Weights and learning rates that are functions of the round, by recipe and by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

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
    Alternating,
    Loss,
    NonSaturating,
    current_round,
    scheduled,
)
from advnets.optimizers import FlooredDecay, plan_rate

RISE = {"from": 0.0, "to": 8.0, "rounds": 4, "begin": 3}
COSINE = {"from": 0.01, "to": 0.0, "rounds": 8, "shape": "cosine", "warm_up": 2}
TINY: dict[str, Any] = games.TINY | {
    "penalties": [{"name": "r1", "gamma": RISE}],
    "updates": {"name": "alternating", "discriminator_steps": 2},
    "optimizers": {
        "generator": {"name": "adam", "learning_rate": COSINE},
        "discriminator": {"name": "sgd", "learning_rate": COSINE},
    },
    "training": {"steps": 10, "batch_size": 16},
    "checkpoints": {"every": 5},
    "monitoring": games.TINY["monitoring"] | {"log_every": 1},
}


def cosine(number: int) -> float:
    """COSINE in a round, by hand."""
    t = min(number / 8, 1.0)
    return 0.01 * (1 + math.cos(math.pi * t)) / 2 * min((number + 1) / 2, 1.0)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"from": 1.0, "to": 3.0, "rounds": 2}, [1, 2, 3, 3]),
        ({"from": 1.0, "to": 3.0, "rounds": 2, "begin": 1}, [1, 1, 2, 3]),
        ({"from": 4.0, "to": 0.0, "rounds": 2, "shape": "cosine"}, [4, 2, 0, 0]),
        ({"from": 1.0, "to": 16.0, "rounds": 2, "shape": "exponential"}, [1, 4, 16, 16]),
        ({"from": -1.0, "to": -4.0, "rounds": 2, "shape": "exponential"}, [-1, -2, -4, -4]),
        ({"from": 6.0, "to": 6.0, "rounds": 1, "warm_up": 3}, [2, 4, 6, 6]),
    ],
)
def test_values(plan, expected):
    assert [float(scheduled(plan).at(number)) for number in range(4)] == pytest.approx(expected)
    assert float(scheduled(plan).at(10**6)) == expected[-1]  # to the bit


def test_a_number_stays_that_number():
    assert (scheduled(3)(), type(scheduled(3)())) == (3, int)
    assert repr(R1(0.5)) == "R1(gamma=0.5)"


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"from": 0.0, "to": 1.0}, "rounds: Field required"),
        ({"from": 0.0, "to": 1.0, "rounds": 0}, "rounds: Input should be greater than or equal"),
        ({"from": 0.0, "to": 1.0, "rounds": 9, "shape": "exponential"}, "does not exist"),
        ({"start": 0.0, "to": 1.0, "rounds": 9}, "from: Field required"),
        ("fast", "a number or a schedule was expected, got 'fast'"),
        (float("nan"), "a number or a schedule was expected, got nan"),
        (True, "a number or a schedule was expected, got True"),
    ],
)
def test_what_is_no_schedule(value, wrong):
    with pytest.raises(UsageError, match=wrong):
        scheduled(value)


class Told(Loss):
    """Log the round, as a component sees it, and a weight of its own."""

    def __init__(self, weight: Any = 1.0):
        self.weight = scheduled(weight)

    def discriminator(self, real, fake):
        return self.weight() * real.logits

    def generator(self, real, fake):
        return fake.logits

    def observe(self, real, fake):
        number = tf.cast(current_round(), tf.float32)
        shape = tf.shape(fake.logits)
        return {"round": tf.fill(shape, number), "weight": tf.fill(shape, self.weight())}


def game(generator: Any = None, optimizer: Any = None, **parts: Any) -> AdversarialGame:
    keras.utils.set_random_seed(1)
    made = AdversarialGame(
        generator or keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]),
        **parts,
    )
    made.compile(
        optimizer or keras.optimizers.SGD(plan_rate(COSINE)),
        keras.optimizers.SGD(plan_rate(COSINE)),
    )
    return made


X = np.linspace(-1, 1, 24, dtype="float32")[:, None]


def test_the_round_is_known_to_components_and_their_weights_follow_it():
    made = game(loss=Told(RISE), updates=Alternating(discriminator_steps=2))
    logged = []
    for _ in range(8):
        logs = made.train_on_batch(X, return_dict=True)
        logged.append((float(logs["round"]), float(logs["weight"])))
    assert logged == [(i, min(max(i - 3, 0), 4) * 2.0) for i in range(8)]
    # Where nobody plays it is the round reached, which begins the next.
    assert float(made.loss.weight()) == 8.0
    assert made.evaluate(X, return_dict=True, verbose=0)["round"] == 8.0
    assert current_round() is None


def test_rates_are_functions_of_the_round_not_of_moves():
    """Two steps of D a round: its rate is G's, and both are what the formula says."""
    made = game(loss=NonSaturating(), updates=Alternating(discriminator_steps=2))
    for number in range(4):
        for optimizer in (made.generator_optimizer, made.discriminator_optimizer):
            assert float(optimizer.learning_rate) == pytest.approx(cosine(number))
        before = [v.numpy() for v in made.discriminator.trainable_variables]
        made.train_on_batch(X)
    assert any(
        (v.numpy() != b).any()
        for v, b in zip(made.discriminator.trainable_variables, before, strict=True)
    )
    made = game(updates=Alternating(discriminator_steps=2))
    rates = FlooredDecay(0.5, 1.25), FlooredDecay(0.5, 1.25)
    made.compile(*(keras.optimizers.SGD(rate) for rate in rates))
    made.train_on_batch(X)
    assert float(made.discriminator_optimizer.learning_rate) == pytest.approx(0.4)


def test_a_schedule_out_of_a_game_counts_the_updates_of_its_optimizer():
    optimizer = keras.optimizers.SGD(plan_rate({"from": 1.0, "to": 0.0, "rounds": 2}))
    weight = keras.Variable([0.0])
    for expected in (-1.0, -1.5, -1.5):
        optimizer.apply([tf.constant([1.0])], [weight])
        assert float(weight[0]) == expected


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return advnets.run(TINY, run_dir=tmp_path_factory.mktemp("whole") / "run")


def test_a_run_follows_its_schedules(whole):
    for name in ("d_learning_rate", "g_learning_rate"):
        # What is logged after a round is the rate of the next.
        rates = [row[name] for row in whole.metrics if name in row]
        assert rates == pytest.approx([cosine(number) for number in range(1, 11)], abs=1e-9)


def test_a_run_that_is_resumed_is_the_same(whole, tmp_path):
    advnets.run(TINY, {"training.steps": 5}, run_dir=tmp_path / "run")
    resumed = advnets.run(TINY, run_dir=tmp_path / "run")
    assert resumed.manifest["state_sha256"] == whole.manifest["state_sha256"]


def test_a_penalty_whose_weight_is_still_0_changes_nothing(tmp_path):
    """γ is 0 in rounds 0 to 3 of RISE, and 2 in round 4, as a number would be."""

    def weights(gamma: Any, rounds: int, folder: str) -> list[np.ndarray]:
        recipe = TINY | {"penalties": [{"name": "r1", "gamma": gamma}]}
        run = advnets.run(recipe, {"training.steps": rounds}, run_dir=tmp_path / folder)
        return [v.numpy() for v in run.discriminator.variables]

    for one, other in zip(weights(RISE, 4, "rise"), weights(0.0, 4, "none"), strict=True):
        np.testing.assert_array_equal(one, other)
    advnets.run(  # one round more, by its number
        tmp_path / "none", {"penalties.0.gamma": 2.0, "training.steps": 5}, change=True
    )
    for one, other in zip(
        weights(RISE, 5, "rise"),
        [v.numpy() for v in advnets.open_run(tmp_path / "none").discriminator.variables],
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@keras.saving.register_keras_serializable(package="test_schedules")
class Fade(keras.layers.Layer):
    """Add α to what comes."""

    def __init__(self, alpha: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = scheduled(alpha)

    def call(self, x):
        return x + self.alpha()

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha.get_config()}


def test_a_layer_follows_the_round_that_its_game_has_reached(tmp_path: Path):
    generator = keras.Sequential([keras.Input((1,)), Fade({"from": 0.0, "to": 8.0, "rounds": 4})])
    z = np.zeros([1, 1], "float32")
    assert float(generator(z)[0, 0]) == 8.0  # in no game
    inner = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    generator = keras.Sequential([keras.Input((1,)), inner, generator])
    made = AdversarialGame(
        generator, keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), loss=Told()
    )
    made.compile(keras.optimizers.SGD(1e-30), keras.optimizers.SGD(1e-30))
    seen = []
    for _ in range(5):
        seen.append(float(generator(z)[0, 0]))
        assert made.generate_from(z)[0, 0] == seen[-1]
        made.train_on_batch(X)
    assert seen == [0.0, 2.0, 4.0, 6.0, 8.0]
    made.save(tmp_path / "game.keras")
    made.train_on_batch(X)
    loaded = keras.saving.load_model(tmp_path / "game.keras")
    assert float(loaded.generator(z)[0, 0]) == 8.0


def test_a_network_that_is_saved_apart_keeps_the_value_that_it_had(tmp_path: Path):
    """As a Keras file and as a SavedModel, at two rounds; in another game it follows that one's."""
    z = np.zeros([1, 1], "float32")
    generator = keras.Sequential([keras.Input((1,)), Fade({"from": 0.0, "to": 8.0, "rounds": 4})])
    generator.add(keras.layers.Dense(1, kernel_initializer="ones"))
    rate = keras.optimizers.SGD(1e-30)
    made = game(loss=Told(), generator=generator, optimizer=rate)
    for number in (0, 1, 2):
        generator.save(tmp_path / f"{number}.keras")
        generator.export(tmp_path / f"{number}", verbose=False)
        made.train_on_batch(X)
    for number in (0, 1, 2):
        served = tf.saved_model.load(tmp_path / f"{number}")
        assert float(served.serve(z)[0, 0]) == 2.0 * number
        loaded = keras.saving.load_model(tmp_path / f"{number}.keras")
        assert float(loaded(z)[0, 0]) == 2.0 * number
    other = game(loss=Told(), generator=loaded, optimizer=keras.optimizers.SGD(1e-30))
    assert float(loaded(z)[0, 0]) == pytest.approx(0.0, abs=1e-6)
    other.train_on_batch(X)
    assert float(loaded(z)[0, 0]) == pytest.approx(2.0)


@keras.saving.register_keras_serializable(package="test_schedules")
class Several(keras.layers.Layer):
    """Add what several schedules come to, kept in a list and in a mapping."""

    def __init__(self, alphas: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.alphas = [scheduled(alpha) for alpha in alphas]
        self.named = {"first": scheduled(alphas[0])}

    def call(self, x):
        return x + sum(alpha() for alpha in self.alphas) + self.named["first"]()


def test_schedules_in_containers_of_a_layer_follow_the_game_too():
    plan = {"from": 0.0, "to": 8.0, "rounds": 4}
    generator = keras.Sequential([keras.Input((1,)), Several([plan, 1.0])])
    generator.add(keras.layers.Dense(1, kernel_initializer="ones"))
    game(loss=Told(), generator=generator)
    assert float(generator(np.zeros([1, 1], "float32"))[0, 0]) == 1.0


def test_what_a_recipe_says_of_a_schedule_is_checked_with_its_place():
    with pytest.raises(RecipeError) as refused:
        advnets.run(TINY, {"penalties.0.gamma": {"from": 1.0, "to": -1.0, "rounds": 5}})
    (said,) = refused.value.problems  # and not that a number was expected besides
    assert "both ends of the schedule are to be at least 0" in said.message
    with pytest.raises(RecipeError) as refused:
        advnets.run(TINY, {"optimizers.generator.learning_rate": {"from": 1.0, "to": 0.5}})
    assert "missing parameter 'rounds' in optimizers.generator.learning_rate" in str(refused.value)
    with pytest.raises(RecipeError) as refused:  # all at once, each at its place
        advnets.run(
            TINY,
            {
                "penalties": [{"name": "r1", "gamma": {"from": "0,5", "to": 1.0, "rounds": 0}}],
                "augmentations": [
                    {"name": "instance_noise", "deviation": {"from": 1.0, "begin": -1}}
                ],
            },
        )
    for said in (
        "penalties.0.gamma.rounds: expected at least 1, got 0",
        "penalties.0.gamma.from: expected a number, got the text '0,5'; write 0.5",
        "missing parameter 'to' in augmentations.0.deviation of augmentation 'instance_noise'",
        "augmentations.0.deviation.begin: expected at least 0, got -1",
    ):
        assert said in str(refused.value)
    with pytest.raises(RecipeError, match="takes no `decay` besides"):
        advnets.run(TINY, {"optimizers.discriminator.decay": 1.5})


def test_a_schedule_that_ends_after_the_run_is_told_by_validate_and_run(tmp_path, caplog):
    from click.testing import CliRunner

    from advnets.cli.main import cli

    said = "penalties.0.gamma reaches 8 in round 7, and the run ends with round 3"
    advnets.run(TINY, {"training.steps": 3}, run_dir=tmp_path / "run")
    assert said in caplog.text
    words = ["validate", str(tmp_path / "run" / "recipe.yaml"), "training.steps=3"]
    assert said in CliRunner().invoke(cli, words).output


def test_a_component_may_be_given_another_weight_between_rounds():
    made = game(loss=Told(2.0))
    assert made.train_on_batch(X, return_dict=True)["weight"] == 2.0
    made.loss.weight = 3.0
    assert made.train_on_batch(X, return_dict=True)["weight"] == 3.0
    made.loss.weight = {"from": 0.0, "to": 4.0, "rounds": 4}
    assert made.train_on_batch(X, return_dict=True)["weight"] == 2.0  # in round 2
