"""Play variants and give their states; as a script, on logical CPU devices: COUNT OUT VARIANT ...

All variants share one process, since importing TensorFlow takes longer than playing, and one
strategy, since a second mirrored one over CPU devices fails. One that is called NAME@streamed has
its data streamed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent))
from on_points import FEW, PLUGINS, ROWS_PLUGIN, STREAMS_PLUGIN, WAYS, WRAPPERS, recipe


def play(strategy: tf.distribute.Strategy, variants: Iterable[str]) -> dict[str, np.ndarray]:
    """The variables of each variant's game after a few rounds, what it logged, and samples."""
    from advnets.data.feed.choose import make_feed
    from advnets.game.state import copies, state_variables
    from advnets.plugins import load_plugins
    from advnets.recipe import load_recipe
    from advnets.train.build import build_game, carried
    from advnets.train.chosen_rows import choose_rows
    from advnets.train.find_data import build_source
    from advnets.train.rounds import Rounds

    registry = load_plugins([*PLUGINS, STREAMS_PLUGIN, ROWS_PLUGIN, *WRAPPERS])
    found: dict[str, np.ndarray] = {}
    for name in variants:
        variant, _, way = name.partition("@")
        loaded = load_recipe(recipe(variant), WAYS[way] if way else (), registry=registry)
        source = build_source(loaded)
        with strategy.scope():
            game = build_game(loaded, source)
            steps = game.updates.batches
            fields = carried(game, source)
            order = choose_rows(game, source, loaded.settings.training.batch_size)
            feed = make_feed(loaded, source, steps, strategy, fields, game.streams, order)
        feed.seek(0)
        game.norms_every = 1
        sums = Rounds(game, feed, strategy).play(FEW)
        for key, variable in state_variables(game).items():
            first, *others = [copy.numpy() for copy in copies(variable)]
            assert all(np.array_equal(first, other) for other in others), f"{key} differs"
            found[f"{name}/{key}"] = first
        found |= {f"{name}/logged/{key}": total / FEW for key, total in sums.items()}
        if game.encounter.sample is not None:
            found[f"{name}/samples"] = game.generate(7, seed=5)[0]  # 7 is no multiple of 2 or 4
    return found


def main(count: int, out: str, variants: list[str]) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, devices)

    from advnets.distribute.strategy import make_strategy

    strategy = make_strategy("mirrored", 16)
    assert strategy.num_replicas_in_sync == count
    np.savez(out, **play(strategy, variants))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
