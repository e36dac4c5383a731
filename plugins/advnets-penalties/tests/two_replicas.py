"""A game with what looks at the whole batch, on one device and on two: OUT. Run by test_replicas.

The records of both are written to OUT/one.json and OUT/two.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

SMALL = {
    "generator.layers": [16],
    "discriminator.layers": [16],
    "training": {"steps": 6, "batch_size": 20},
    "monitoring": {"log_every": 1, "image_every": 0, "figures": False, "tensorboard": False},
    "evaluation.metrics": [],
    "penalties": [
        {"name": "dragan", "weight": 1.0},
        {"name": "lecam", "begin": 2},
        {"name": "balanced_consistency"},
        {"name": "orthogonal", "weight": 0.1},
    ],
}


def main(out: Path) -> None:
    """Play both."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import advnets

    for name, strategy in (("one", "one_device"), ("two", "mirrored")):
        run = advnets.run(
            "baseline_digits", {**SMALL, "distribution.strategy": strategy}, out / name
        )
        (out / f"{name}.json").write_text(json.dumps(list(run.metrics)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
