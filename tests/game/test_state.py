"""The state has everything that training changes, under names that last."""

import keras
import numpy as np
import pytest

from advnets.checkpoint import state_sha256
from advnets.game import AdversarialGame
from advnets.game.state import state_variables


def game():
    networks = [
        keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dropout(0.5, seed=1)]
        ),
        keras.Sequential(
            [keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
        ),
    ]
    for seed, network in enumerate(networks):
        numbers = np.random.default_rng(seed)
        network.set_weights([numbers.normal(size=w.shape) for w in network.get_weights()])
    made = AdversarialGame(*networks)
    made.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.01, momentum=0.9))
    return made


def test_names_do_not_depend_on_what_the_process_built_before():
    first, second = game(), game()
    assert list(state_variables(first)) == list(state_variables(second))
    assert state_sha256(state_variables(first)) == state_sha256(state_variables(second))


def test_every_variable_of_game_and_optimizers_is_in_it():
    made = game()
    held = {id(v) for v in state_variables(made).values()}
    for owner in (made, made.generator_optimizer, made.discriminator_optimizer):
        assert {id(v.value) for v in owner.variables} <= held


@pytest.mark.parametrize("what", ["weights", "moments", "statistics", "round", "dropout seed"])
def test_a_round_changes_the_hash_through(what):
    made = game()
    before = {name: v.numpy() for name, v in state_variables(made).items()}
    made.fit(np.ones([4, 2], "float32"), batch_size=4, verbose=0)
    after = {name: v.numpy() for name, v in state_variables(made).items()}
    pieces = {
        "weights": "generator/0000/kernel",
        "moments": "discriminator_optimizer/",
        "statistics": "moving_mean",
        "round": "rounds",
        "dropout seed": "seed_generator_state",
    }
    changed = [n for n in before if (before[n] != after[n]).any()]
    assert any(pieces[what] in name for name in changed)
