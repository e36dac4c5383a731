"""Play each rule on two replicas, and write where both players stand: OUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf


def main(out: Path) -> None:
    """Play, and write."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    sys.path.insert(0, str(Path(__file__).parent))
    from saddle import RULES, make_game, play

    # One strategy for all: TensorFlow mixes up what two of them add up.
    found, strategy = {}, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name, (make, _) in RULES.items():
        with strategy.scope():
            game = make_game(make())
        found[name] = play(game, 4, size=7)
    out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
