"""Play each rule of test_update_rules.py on two replicas, and write where both players stand.

usage: python rules_on_two_replicas.py OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf


def main() -> None:
    """Play, and write."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    sys.path.insert(0, str(Path(__file__).parent))
    from test_update_rules import ROUNDS, RULES, play, saddle

    # One strategy for all: TensorFlow mixes up what two of them add up.
    found, strategy = {}, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name, (make, _) in RULES.items():
        with strategy.scope():
            game = saddle(make())
        found[name] = play(game, ROUNDS, size=7)
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
