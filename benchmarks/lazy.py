"""What R1 costs in every round, and in every 16th: ``python -m benchmarks.lazy [SECONDS]``.

A small DCGAN on scikit-learn's digits without R1, with it in every round, and in every 16th, in
one process, in turns of 32 rounds, which is two of 16, the first of them changing. What is
compared is the process's own time on all cores, not the clock's, so that others on the machine
hardly count; the ratios are taken within each turn.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

NETWORK = {"name": "dcgan", "channels": 32, "stages": 2}
RECIPE: dict[str, Any] = {
    "name": "lazy",
    "dataset": "digits",
    "latent": {"name": "gaussian", "size": 32},
    "generator": NETWORK,
    "discriminator": NETWORK,
    "loss": "non_saturating",
    "optimizers": {"generator": "adam", "discriminator": "adam"},
    "training": {"steps": 5000, "batch_size": 64},
}
PENALTIES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "every round": [{"name": "r1", "gamma": 1.0}],
    "every 16th": [{"name": "r1", "gamma": 1.0, "every": 16}],
}
ROUNDS = 32


def build(penalties: list[dict[str, Any]]) -> Any:
    """Build what plays rounds of the game with these penalties, and play 16, which traces them."""
    import tensorflow as tf

    from advnets.data.feed.choose import make_feed
    from advnets.recipe import load_recipe
    from advnets.train.build import build_game, carried
    from advnets.train.find_data import build_source
    from advnets.train.rounds import Rounds

    loaded = load_recipe({**RECIPE, "penalties": penalties})
    source = build_source(loaded)
    game, strategy = build_game(loaded, source), tf.distribute.get_strategy()
    feed = make_feed(loaded, source, 1, strategy, carried(game, source))
    feed.seek(0)
    rounds = Rounds(game, feed, strategy)
    rounds.play(16)
    return rounds


def main(words: Sequence[str]) -> None:
    """Play in turns for so many seconds, and print quartiles."""
    seconds = float(words[0]) if words else 200.0
    games = {name: build(penalties) for name, penalties in PENALTIES.items()}
    spent: dict[str, list[float]] = {name: [] for name in games}
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        first = turn % len(games)
        for name in [*games][first:] + [*games][:first]:
            start = time.process_time()
            games[name].play(ROUNDS)
            spent[name].append((time.process_time() - start) / ROUNDS)
        turn += 1
    took = {name: np.array(values) for name, values in spent.items()}
    found = {f"{name}, milliseconds a round": 1000 * values for name, values in took.items()}
    found |= {f"{name} / none": took[name] / took["none"] for name in [*games][1:]}
    found["every round / every 16th"] = took["every round"] / took["every 16th"]
    quartiles = {k: np.percentile(v, [25, 50, 75]).round(3).tolist() for k, v in found.items()}
    print(json.dumps({"turns": turn, "rounds a turn": ROUNDS, **quartiles}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
