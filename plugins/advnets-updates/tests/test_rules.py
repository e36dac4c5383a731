"""Each rule is its formula on a game of two numbers, in which plain steps turn away from 0."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from advnets_updates.consensus import Consensus
from advnets_updates.extragradient import Extragradient
from advnets_updates.optimistic import Optimistic
from advnets_updates.unrolled import Unrolled
from saddle import RULES, by_hand, distance, make_game, place, play

from advnets.game import Simultaneous


@pytest.mark.parametrize("name", RULES)
def test_it_is_the_formula(name: str) -> None:
    make, step = RULES[name]
    np.testing.assert_allclose(play(make_game(make()), 4), by_hand(step, 4), rtol=1e-6, atol=1e-7)


def test_on_two_replicas_too(tmp_path: Path) -> None:
    out = tmp_path / "places.json"
    script = Path(__file__).with_name("two_replicas.py")
    done = subprocess.run(
        [sys.executable, script, out], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(out.read_text(encoding="utf-8"))
    for name, (_, step) in RULES.items():
        expected = by_hand(step, 4)
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_plain_steps_turn_away_from_the_saddle_and_these_towards_it() -> None:
    def slow() -> keras.optimizers.Optimizer:
        return keras.optimizers.SGD(0.2)

    away = play(make_game(Simultaneous(), slow), 20)[-1]
    assert distance(away) > 2.0 > distance((1.0, 1.0))
    for rule in (Extragradient(), Optimistic(), Consensus(1.0), Unrolled(3)):
        assert distance(play(make_game(rule, slow), 20)[-1]) < 1.0, rule


def test_d_that_looked_ahead_moves_as_one_that_did_not() -> None:
    """Its Adam too is put back: weights, moments and count."""

    def adam() -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(0.1)

    looked, plain = make_game(Unrolled(3), adam), make_game(Unrolled(0), adam)
    for game in (looked, plain):
        play(game, 1)
    assert place(looked)[1] == place(plain)[1]
    states = [[v.numpy() for v in g.discriminator_optimizer.variables] for g in (looked, plain)]
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gradient_before_is_saved(tmp_path: Path) -> None:
    whole = play(make_game(Optimistic()), 4)
    first, second = make_game(Optimistic()), make_game(Optimistic())
    play(first, 2)
    first.save_weights(tmp_path / "game.weights.h5")
    second.load_weights(tmp_path / "game.weights.h5")
    assert play(second, 2) == whole[2:]


def test_extragradient_leaves_the_moments_of_both_halves() -> None:
    """As the authors' ExtraAdam: both halves count, weights alone are put back."""
    game = make_game(Extragradient(), lambda: keras.optimizers.Adam(0.1))
    play(game, 1)
    assert int(game.generator_optimizer.iterations) == 2
