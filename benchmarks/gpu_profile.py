"""How much of the time a GPU does nothing between a contestant's kernels.

``python -m benchmarks.gpu_profile MODULE GAME OPTIONS`` builds the contestant, plays some rounds,
profiles some more, and prints one JSON object; ``idle`` is ``null`` where there is no GPU.
"""

from __future__ import annotations

import glob
import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .cases import GAMES
from .turns import private_output

WARM_UP, PROFILED = 50, 20
"""Rounds."""

Interval = tuple[float, float]


def idle_share(intervals: Sequence[Interval]) -> float | None:
    """The part of the time from the first kernel's start to the last one's end without any.

    Args:
        intervals: Start and end of each kernel, in any unit; they may overlap.

    >>> idle_share([(0, 2), (1, 3), (6, 8)])  # nothing from 3 to 6 of 8
    0.375
    """
    if not intervals:
        return None
    ordered = sorted(intervals)
    first, reached, idle = ordered[0][0], ordered[0][0], 0.0
    for start, end in ordered:
        idle += max(0.0, start - reached)
        reached = max(reached, end)
    return idle / (reached - first) if reached > first else None


def torch_kernels(play: Callable[[], Any]) -> list[Interval]:
    """The kernels that PyTorch ran on a GPU."""
    import torch

    kinds = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[kinds.CPU, kinds.CUDA]) as profile:
        play()
    cuda = torch.autograd.DeviceType.CUDA
    return [
        (event.time_range.start, event.time_range.end)
        for event in profile.events()
        if event.device_type == cuda
    ]


def tensorflow_kernels(play: Callable[[], Any]) -> list[Interval]:
    """The kernels that TensorFlow ran on a GPU: the lines "Stream #…" of its device planes."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        play()
        tf.profiler.experimental.stop()
        (file,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        space = xplane_pb2.XSpace()
        with open(file, "rb") as opened:
            space.ParseFromString(opened.read())
    return [
        (
            line.timestamp_ns + event.offset_ps / 1e3,
            line.timestamp_ns + (event.offset_ps + event.duration_ps) / 1e3,
        )
        for plane in space.planes
        if plane.name.startswith("/device:GPU")
        for line in plane.lines
        if line.name.startswith("Stream")
        for event in line.events
    ]


def main() -> None:
    """Profile the contestant that the command line names."""
    answer = private_output()
    name, game_name, told = sys.argv[1:4]
    options = json.loads(told)
    game = GAMES[game_name]
    game = replace(game, precision=options.pop("precision", game.precision))
    module = importlib.import_module(f"benchmarks.contestants.{name}")
    contestant = module.build(game, **options)
    contestant.run(WARM_UP)
    kernels = torch_kernels if name == "pytorch" else tensorflow_kernels
    answer({"idle": idle_share(kernels(lambda: contestant.run(PROFILED)))})


if __name__ == "__main__":
    main()
