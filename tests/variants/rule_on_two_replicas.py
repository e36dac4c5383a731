"""Play the rule of sometimes.py on two replicas, and write where both players stand.

usage: python rule_on_two_replicas.py OUT
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
    from sometimes import ROUNDS, make_saddle, play

    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        game = make_saddle()
    Path(sys.argv[1]).write_text(json.dumps(play(game, ROUNDS, size=7)), encoding="utf-8")


if __name__ == "__main__":
    main()
