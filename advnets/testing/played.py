"""Play a game of a recipe, and hold what came of it against what came otherwise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ..checkpoint import state_sha256
from ..data import Source
from ..data.feed.choose import make_feed
from ..data.feed.feed import Feed
from ..distribute.strategy import constant_scope
from ..game import AdversarialGame
from ..game.state import copies, state_variables
from ..recipe import Recipe
from ..train.build import build_game, carried
from ..train.chosen_rows import choose_rows
from ..train.find_data import build_source, find_data
from ..train.rounds import Rounds
from .failure import fail


@dataclass(frozen=True)
class Played:
    """Hold what came of a game.

    Attributes:
        game: The game, as its last round left it.
        feed: What drew its examples.
        before: The networks' weights at first, by network.
        state: Every variable that training can change, by name.
        logged: What rounds logged, on average.
    """

    game: AdversarialGame
    feed: Feed
    before: Mapping[str, list[np.ndarray]]
    state: Mapping[str, np.ndarray]
    logged: Mapping[str, float]

    @property
    def sha256(self) -> str:
        """The hash of the state, as a checkpoint has it."""
        return state_sha256(state_variables(self.game))


def build(recipe: Recipe, strategy: tf.distribute.Strategy) -> tuple[AdversarialGame, Feed, Source]:
    """Build a recipe's game, and what draws its examples, as a session does."""
    find_data(recipe)
    source = build_source(recipe)
    with strategy.scope():
        game = build_game(recipe, source)
    with constant_scope(strategy):
        size = recipe.settings.training.batch_size
        feed = make_feed(
            *(recipe, source, game.updates.batches, strategy, carried(game, source), game.streams),
            order=choose_rows(game, source, size),
        )
    feed.seek(0)
    return game, feed, source


def play(
    recipe: Recipe,
    rounds: int,
    strategy: tf.distribute.Strategy | None = None,
    *,
    jit: bool = False,
) -> Played:
    """Play the first rounds of a recipe's game.

    Args:
        recipe: A validated recipe.
        rounds: How many.
        strategy: On what; on one device by default.
        jit: Whether XLA compiles all of them.

    Raises:
        ConformanceError: If what comes of it is not finite, if a network that should move stands
            still, or if replicas have other numbers than each other.
    """
    strategy = strategy or tf.distribute.get_strategy()
    game, feed, _ = build(recipe, strategy)
    before = {name: network.get_weights() for name, network in game.networks.items()}
    compiled = Rounds(game, feed, strategy)
    compiled.jit_from = 0 if jit else None
    sums = compiled.play(rounds)
    if jit and compiled.jit_from != 0:
        fail("XLA was to compile its rounds, and they were played without it")
    state = {}
    for name, variable in state_variables(game).items():
        first, *others = [copy.numpy() for copy in copies(variable)]
        if not all(np.array_equal(first, other, equal_nan=False) for other in others):
            fail(f"replicas end with other numbers than each other in {name}")
        state[name] = first
    played = Played(game, feed, before, state, {name: s / rounds for name, s in sums.items()})
    check(played, rounds)
    return played


def check(played: Played, rounds: int) -> None:
    """Fail if a game has not come to its end, finite, with every network moved that should."""
    bad = [name for name, value in played.logged.items() if not math.isfinite(value)]
    bad += [n for n, v in played.state.items() if v.dtype.kind == "f" and not np.isfinite(v).all()]
    if bad:
        fail(f"in a game of {rounds} rounds {', '.join(sorted(bad)[:3])} became NaN or infinite")
    game = played.game
    if int(game.rounds.numpy()) != rounds:
        fail(f"it ended after {int(game.rounds.numpy())} of {rounds} rounds")
    for name, role in game.roles.items():
        after = game.networks[name].get_weights()
        stood = all(map(np.array_equal, played.before[name], after))
        if role.player is not None and after and stood:
            fail(f"in a game of {rounds} rounds the {name}'s weights did not move")


def compare(
    one: Mapping[str, np.ndarray],
    other: Mapping[str, np.ndarray],
    what: str,
    rtol: float = 1e-5,
    atol: float = 1e-6,
) -> None:
    """Fail if numbers are not those of the same game played otherwise.

    Args:
        one: What is expected, by name.
        other: What came.
        what: Where the other came from, for the message.
        rtol, atol: How far apart they may be.
    """
    if one.keys() != other.keys():
        apart = sorted({*one} ^ {*other})
        fail(f"{what} has {', '.join(apart[:3])} where the other game has not, or lacks it")
    worst, where = 0.0, ""
    for name, value in one.items():
        if value.dtype.kind != "f" or not value.size:
            continue
        allowed = atol + rtol * np.abs(value)
        excess = float((np.abs(other[name] - value) / allowed).max())
        if not excess <= max(worst, 1.0):
            worst, where = excess, name
    if where:
        apart_by = float(np.abs(other[where] - one[where]).max())
        fail(f"{what} differs: {where} by {apart_by:.2g}")


def numbers(played: Played) -> dict[str, np.ndarray]:
    """Return the state of a game and what it logged, all by name."""
    logged = {f"logged/{name}": np.asarray(value) for name, value in played.logged.items()}
    return {**played.state, **logged}


def next_round(game: AdversarialGame, examples: Any) -> dict[str, np.ndarray]:
    """Return the weights after a game's next round, and what it logs; the game stays as it is."""
    before = {name: variable.numpy() for name, variable in state_variables(game).items()}
    logged = game.train_step(examples)
    after = weights(game) | {f"logged/{name}": np.asarray(value) for name, value in logged.items()}
    for name, variable in state_variables(game).items():
        variable.assign(before[name])
    return after


def weights(game: Any) -> dict[str, np.ndarray]:
    """Return the weights of a game's networks, by network and place."""
    return {
        f"{name}/{place}": value
        for name, network in game.networks.items()
        for place, value in enumerate(network.get_weights())
    }
