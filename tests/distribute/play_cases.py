"""Play cases and give their states; as a script, on logical CPU devices: COUNT OUT CASE ...

All cases share one process, since importing TensorFlow takes longer than playing, and one
strategy, since a second mirrored one over CPU devices fails.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent))
from cases import ROUNDS, recipe


def play(strategy: tf.distribute.Strategy, cases: Iterable[str]) -> dict[str, np.ndarray]:
    """The variables of each case's game after some rounds, what it logged, and samples."""
    from advnets.data.feed.choose import describe_placement, make_feed
    from advnets.game.state import state_variables
    from advnets.recipe import load_recipe
    from advnets.train.build import build_game, carried
    from advnets.train.find_data import build_source
    from advnets.train.rounds import Rounds

    found = {}
    for case in cases:
        loaded = load_recipe(recipe(case))
        source = build_source(loaded)
        with strategy.scope():
            game = build_game(loaded, source)
            steps = game.updates.batches
            feed = make_feed(loaded, source, steps, strategy, carried(game, source))
        budget = loaded.data["distribution"]["memory_budget"]
        assert describe_placement(source)["kept"] == ("resident" if budget else "streamed")
        feed.seek(0)
        game.norms_every = 1
        sums = Rounds(game, feed, strategy).play(ROUNDS)
        values = {}
        for name, variable in state_variables(game).items():
            first, *others = [
                copy.numpy() for copy in strategy.experimental_local_results(variable)
            ]
            assert all(np.array_equal(first, other) for other in others), f"{name} differs"
            values[name] = first
        values |= {f"logged/{name}": total / ROUNDS for name, total in sums.items()}
        values["samples"] = game.generate(7, seed=5)[0]  # 7 is no multiple of 2 or 4
        values |= fed(strategy, loaded, source, game.updates.batches)
        found |= {f"{case}/{name}": value for name, value in values.items()}
    return found


def fed(
    strategy: tf.distribute.Strategy, loaded: Any, source: Any, batches: int
) -> dict[str, np.ndarray]:
    """What a feed gives all replicas for round 3, with fields: [k, N, …] of each."""
    from advnets.data.feed.choose import make_feed

    with strategy.scope():
        feed = make_feed(loaded, source, batches, strategy, ("index", "label"))
    feed.seek(3)
    step = tf.constant(3, tf.int64)
    given = strategy.run(feed.examples, (feed.draw(None, step, step),))
    found = {}
    for name, values in given.items():
        parts = [
            part.numpy().reshape(batches, -1, *part.shape[1:])
            for part in strategy.experimental_local_results(values)
        ]
        found[f"fed/{name}"] = np.concatenate(parts, axis=1)
    index = found["fed/index"]
    np.testing.assert_array_equal(source.labels("train")[index], found["fed/label"])
    expected = source.preprocess.apply(source.load("train")[index.ravel()])
    np.testing.assert_array_equal(found["fed/example"].reshape(expected.shape), expected)
    return found


def main(count: int, out: str, cases: list[str]) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, devices)

    from advnets.distribute.strategy import make_strategy

    strategy = make_strategy("mirrored", 24)
    assert strategy.num_replicas_in_sync == count
    np.savez(out, **play(strategy, cases))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
