"""Sample and evaluate a run on so many logical CPU devices: COUNT RUN PLUGIN OUT."""

from __future__ import annotations

import json
import sys

import numpy as np
import tensorflow as tf

NAMES = ["parzen", "devices", "distance", "described"]


def main(count: int, run: str, plugin: str, out: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, devices)

    import advnets

    opened = advnets.open_run(run, plugins=[plugin])
    samples, told = opened.sample(7, seed=5)  # 7 is no multiple of 2 or 4
    lines, _ = opened.sample(13, seed=5, interpolate=True)
    scores = [score.to_dict() for score in opened.evaluate(NAMES)]
    np.savez(
        out,
        samples=samples,
        latents=told["latent"],
        lines=lines,
        scores=json.dumps(scores),
        variables=len(opened.generator.weights[0].value.devices)
        if hasattr(opened.generator.weights[0].value, "devices")
        else 1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
