"""The compiled loop: one trace, the same as single rounds, fresh examples."""

import numpy as np
import pytest
import tensorflow as tf

from advnets.checkpoint import state_sha256
from advnets.data import batches_per_epoch
from advnets.data.feed.resident import ResidentData
from advnets.game.state import state_variables
from advnets.observe.window import Window
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source
from advnets.train.rounds import Rounds


@pytest.fixture
def build(small):
    """Source, game and resident data of a small recipe."""

    def make(**entries):
        recipe = load_recipe(small(**entries))
        source = build_source(recipe)
        game = build_game(recipe, source)
        data = ResidentData(source, recipe.seed, 50, game.updates.batches)
        return source, game, data

    return make


def drawn(data: ResidentData, step: int) -> tf.Tensor:
    """The examples of one round, outside of any loop."""
    return data.examples(data.draw(None, tf.constant(0), tf.constant(step, tf.int64)))


TWO_STEPS = {"updates": {"name": "alternating", "discriminator_steps": 2}}


def test_one_trace_serves_any_number_of_rounds(build):
    _, game, data = build()
    rounds = Rounds(game, data, tf.distribute.get_strategy())
    for count in (1, 2, 5):
        sums = rounds.play(count)
    assert rounds.traces == 1
    assert int(game.rounds.numpy()) == 8
    assert 0 < sums["d_real"] < 5


def test_many_rounds_in_a_call_equal_single_calls(build):
    _, game, data = build(**TWO_STEPS)
    rounds = Rounds(game, data, tf.distribute.get_strategy())
    start = {name: value.numpy() for name, value in state_variables(game).items()}
    states = []
    for parts in ([6], [1, 2, 3], [1] * 6):
        for name, value in state_variables(game).items():
            value.assign(start[name])
        for count in parts:
            rounds.play(count)
        states.append(state_sha256(state_variables(game)))
    assert len(set(states)) == 1


def test_the_loop_plays_what_train_step_plays(build):
    _, looped, data = build(**TWO_STEPS)
    Rounds(looped, data, tf.distribute.get_strategy()).play(3)
    _, single, data = build(**TWO_STEPS)
    for step in range(3):
        single.train_step(drawn(data, step))
    for name, value in state_variables(looped).items():
        np.testing.assert_allclose(value, state_variables(single)[name], rtol=1e-4, atol=1e-6)


def test_xla_plays_the_same_game_from_any_round(build):
    states = []
    for start in (None, 2):
        _, game, data = build(**TWO_STEPS)
        rounds = Rounds(game, data, tf.distribute.get_strategy())
        rounds.jit_from = start
        sums = rounds.play(1)["d_loss"] + rounds.play(3)["d_loss"]
        assert rounds.traces == (2 if start else 1)
        states.append({name: v.numpy() for name, v in state_variables(game).items()} | {"d": sums})
    plain, compiled = states
    for name, value in plain.items():
        np.testing.assert_allclose(value, compiled[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_every_discriminator_step_sees_fresh_examples(build):
    source, _, data = build(**TWO_STEPS)
    examples = len(source.load("train"))
    rounds = batches_per_epoch(examples, 50) // 2
    seen = data.indices(tf.range(rounds)).numpy().reshape(-1)
    assert len(seen) == len(set(seen.tolist())) == rounds * 100
    np.testing.assert_array_equal(
        drawn(data, 1),
        source.preprocess.apply(source.load("train")[data.indices(1).numpy().reshape(-1)]),
    )


def test_long_calls_are_cut_to_bound_their_plans(build):
    _, game, data = build()
    assert data.longest == 2**22 // 50
    data.longest = 2
    rounds = Rounds(game, data, tf.distribute.get_strategy())
    assert 0 < rounds.play(5)["d_real"] < 5
    assert int(game.rounds.numpy()) == 5


def test_window_means():
    window = Window()
    window.add({"a": 3.0}, 2)
    window.add({"a": 3.0}, 1)
    assert window.means() == {"a": 2.0}
    assert window.not_finite() == ()
    window.add({"value": float("nan"), "g_loss": float("inf")}, 1)
    assert window.not_finite() == ("g_loss", "value")
