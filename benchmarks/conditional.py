"""What it costs that both players are told a label: a game with labels against the same without.

    python -m benchmarks.conditional [GAME ...]

Labels of one class show what it costs to carry them, labels of ten that and the wider products.
Rounds: both games stand in one process and take turns of about a second, the first of them
changing; the ratio of their times is taken within each turn. Beginnings (building the game and
its first round, which traces it) and memory: a process of its own each time, in turns as well.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from .cases import GAMES
from .contestants.advnets_ import build_recipe, recipe
from .contestants.contestant import Contestant
from .data import load, prepare
from .turns import peak_memory

CLASSES = (1, 10)
TURNS = 40
SECONDS = 0.6
BEGINNINGS = 7
GIVEN = {"generator": ["label"], "discriminator": ["label"]}


def recipes(name: str, classes: int, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The game without and with labels, on the same examples, which have labels in both."""
    game = GAMES[name]
    prepare(game.data)
    examples = load(game.data)
    labels = np.random.default_rng(1).integers(0, classes, len(examples))
    file = folder / f"{name}_{classes}.npz"
    np.savez(file, train=examples, train_labels=labels)
    plain = recipe(game)
    plain["dataset"] |= {"path": str(file)}
    return plain, plain | {"given": GIVEN}


def time_rounds(plain: Contestant, labelled: Contestant) -> dict[str, Any]:
    """Play both in turns."""
    ratios, took = [], []
    for game in (plain, labelled):
        game.run(5)
    rounds = max(1, round(5 * SECONDS / play(plain, 5)))
    for turn in range(TURNS):
        order = (labelled, plain) if turn % 2 else (plain, labelled)
        seconds = {id(each): play(each, rounds) for each in order}
        ratios.append(seconds[id(labelled)] / seconds[id(plain)])
        took.append(seconds[id(plain)] / rounds * 1e3)
    return {
        "ms_without": round(statistics.median(took), 3),
        "ratio": quartiles(ratios),
        "turns": TURNS,
        "rounds_a_turn": rounds,
    }


def play(game: Contestant, rounds: int) -> float:
    """Play so many rounds; the seconds."""
    start = time.perf_counter()
    game.run(rounds)
    return time.perf_counter() - start


def begin(told: dict[str, Any]) -> tuple[float, int]:
    """Build a game and play a few rounds; the seconds up to the first's end, and bytes at most."""
    import advnets.train.build
    import advnets.train.rounds  # noqa: F401  not a part of what is timed

    start = time.perf_counter()
    game = build_recipe(told)
    game.run(1)
    seconds = time.perf_counter() - start
    game.run(100)
    return seconds, peak_memory()


def time_beginnings(plain: dict[str, Any], labelled: dict[str, Any]) -> dict[str, Any]:
    """Begin both games in turns, each time in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        found = [
            [pool.submit(begin, told).result() for told in (plain, labelled)]
            for _ in range(BEGINNINGS)
        ]
    return {
        "seconds_without": round(statistics.median(pair[0][0] for pair in found), 2),
        "ratio": quartiles([pair[1][0] / pair[0][0] for pair in found]),
        "MiB_without": round(statistics.median(pair[0][1] for pair in found) / 2**20, 1),
        "MiB_more": [
            round(x / 2**20, 1)
            for x in statistics.quantiles((pair[1][1] - pair[0][1] for pair in found), n=4)
        ],
        "beginnings": BEGINNINGS,
    }


def quartiles(values: Sequence[float]) -> list[float]:
    """The lower quartile, the median and the upper quartile."""
    return [round(q, 3) for q in statistics.quantiles(values, n=4)]


def compare(name: str, classes: int, folder: Path) -> dict[str, Any]:
    """Compare a game with and without labels."""
    plain, labelled = recipes(name, classes, folder)
    games = build_recipe(plain), build_recipe(labelled)
    return {
        "game": name,
        "classes": classes,
        "jit": [game.about["jit"] for game in games],
        "weights": [game.about["weights"] for game in games],
        "rounds": time_rounds(*games),
        "beginnings": time_beginnings(plain, labelled),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or ["ring", "mnist"]:
            for classes in CLASSES:
                print(json.dumps(compare(name, classes, Path(folder))), flush=True)
