"""Play a recipe (JSON) with ``advnets.run`` on so many logical CPU devices; for the tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(devices: int, recipe: str, folder: str) -> None:
    import tensorflow as tf

    # Before anything uses a device.
    cpu = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * devices
    tf.config.set_logical_device_configuration(cpu, logical)
    import advnets

    advnets.run(json.loads(recipe), run_dir=Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
