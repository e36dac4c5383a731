"""What it costs that every round looks at gradients and weights: a game with against without.

    python -m benchmarks.health [GAME ...]

Both games stand in one process and take turns of about a second, the first of them changing;
the cost is the median, over the turns, of the ratio within each, with the quartiles beside it.
Without looks, a round still measures gradient norms in every tenth round and logs its losses.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np

from .cases import GAMES
from .contestants.advnets_ import build
from .contestants.contestant import Contestant

TURNS = 60
SECONDS = 0.6


@contextmanager
def nobody_looks() -> Iterator[None]:
    """Rounds that are traced inside look at no gradient and no weight."""
    players = "advnets.game.players"
    with (
        mock.patch(f"{players}.zero_if_finite", return_value=np.float32(0.0)),
        mock.patch(f"{players}.Players._weights_seen", return_value={}),
    ):
        yield


def compare(name: str) -> str:
    """Time the game both ways; a line that says how."""
    looking = build(GAMES[name])
    looking.run(1)
    with nobody_looks():
        blind = build(GAMES[name])
        blind.run(1)
    rounds = _fitting(blind)
    ratios, took = [], []
    for turn in range(TURNS):
        order = (looking, blind) if turn % 2 else (blind, looking)
        seconds = {id(game): _seconds(game, rounds) for game in order}
        ratios.append(seconds[id(looking)] / seconds[id(blind)])
        took.append(seconds[id(blind)] / rounds * 1e3)
    low, middle, high = statistics.quantiles(ratios, n=4)
    return (
        f"{name}: {statistics.median(took):.3g} ms a round without; with looks "
        f"{100 * (middle - 1):+.1f} % (quartiles {100 * (low - 1):+.1f} to "
        f"{100 * (high - 1):+.1f} %; {TURNS} turns of {rounds} rounds)"
    )


def _fitting(game: Contestant) -> int:
    """How many rounds fill a turn."""
    game.run(5)
    return max(1, round(5 * SECONDS / _seconds(game, 5)))


def _seconds(game: Contestant, rounds: int) -> float:
    start = time.perf_counter()
    game.run(rounds)
    return time.perf_counter() - start


if __name__ == "__main__":
    for game in sys.argv[1:] or ("mnist_simultaneous", "ring"):
        print(compare(game), flush=True)
