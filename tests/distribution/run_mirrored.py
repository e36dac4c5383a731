"""Play a recipe (JSON) with ``advnets.run`` on so many logical CPU devices; for the tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

devices, recipe, folder = int(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)

import advnets  # noqa: E402  (devices are set up before anything uses one)

advnets.run(recipe, run_dir=folder)
