"""The shipped recipe on two replicas: OUT. Run by test_playing.py."""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf

SMALL = {
    "dataset": {"name": "digits", "preprocess": "symmetric"},
    "generator.layers": [16],
    "discriminator.encoder": [16, 8],
    "training": {"steps": 3, "batch_size": 20},
    "distribution.strategy": "mirrored",
    "evaluation.metrics": [{"name": "ebgan_value", "samples": 40}],
}


def main(out: Path) -> None:
    """Batch normalisation in both players, each replica with statistics of its own."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import advnets

    run = advnets.run("ebgan_pt_mnist", SMALL, out)
    assert run.manifest["status"] == "finished"
    assert run.sample(3)[0].shape == (3, 8, 8, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
