"""`sample` and `evaluate` give the same on 1, 2 and 4 devices, and use them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets.errors import PluginError
from advnets.evaluate import MetricContext
from advnets.evaluate.per_example import per_example

sys.path.insert(0, str(Path(__file__).parent))
from cases import PLAIN

PLUGIN = Path(__file__).parent / "shared_metrics.py"
PARZEN = {"name": "parzen", "samples": 31, "sigmas": 3, "validation": 20}


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, preloaded: list[str]
) -> Callable[[int], dict[str, Any]]:
    """What a run samples and scores on so many devices."""
    folder = tmp_path_factory.mktemp("opened")
    recipe = PLAIN | {
        "distribution": {"strategy": "mirrored"},
        "evaluation": {"metrics": [PARZEN]},
    }
    run = advnets.run(recipe, run_dir=folder / "run").path  # on one device

    @cache
    def on(devices: int) -> dict[str, Any]:
        out = folder / f"{devices}.npz"
        script = Path(__file__).parent / "open_runs.py"
        done = subprocess.run(
            [*preloaded, script, str(devices), run, PLUGIN, out],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(out) as found:
            values = dict(found)
        scores = json.loads(str(values.pop("scores")))
        return values | {"scores": {score["metric"]: score for score in scores}}

    return on


@pytest.mark.parametrize("devices", [2, 4])
def test_samples_and_scores_are_those_of_one_device(devices: int, opened: Any) -> None:
    one, several = opened(1), opened(devices)
    np.testing.assert_array_equal(several["latents"], one["latents"])
    for name in ("samples", "lines"):
        assert several[name].shape == one[name].shape
        np.testing.assert_allclose(several[name], one[name], rtol=1e-5, atol=1e-4)  # of 0 … 255
    mine, theirs = one["scores"]["parzen"], several["scores"]["parzen"]
    assert theirs["value"] == pytest.approx(mine["value"], rel=1e-5)  # of float32 samples
    assert theirs["protocol"]["weights_sha256"] == mine["protocol"]["weights_sha256"]
    # No sample enters this one, so that only its own computation can differ.
    mine, theirs = one["scores"]["distance"], several["scores"]["distance"]
    assert theirs["value"] == pytest.approx(mine["value"], rel=1e-12)
    assert several["scores"]["described"]["value"] == one["scores"]["described"]["value"]
    assert several["scores"]["described"]["protocol"]["devices"] == list(range(devices))
    for key in ("first", "last"):
        np.testing.assert_allclose(theirs["protocol"][key], mine["protocol"][key], rtol=1e-12)


@pytest.mark.parametrize("devices", [1, 2, 4])
def test_every_device_takes_a_share(devices: int, opened: Any) -> None:
    shares = opened(devices)["scores"]["devices"]["protocol"]["shares"]
    assert len(shares) == devices
    assert max(shares) - min(shares) <= 1
    # What a user gets to go on with is an ordinary model, on one device.
    assert opened(devices)["variables"] == 1


def test_two_workers_share_a_metric_and_its_failures(tmp_path: Path, preloaded: list[str]) -> None:
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    workers = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": addresses}, "task": task})
        command = [*preloaded, Path(__file__).parent / "two_workers.py", tmp_path / f"{index}"]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": config}
        workers.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE))
    try:
        for worker in workers:
            _, said = worker.communicate(timeout=200)
            assert worker.returncode == 0, said.decode()[-4000:]
    finally:
        for worker in workers:
            worker.kill()
    chief, other = (json.loads((tmp_path / f"{index}").read_text()) for index in range(2))
    assert chief["shares"] == [0.0] * 5 + [1.0] * 6  # in the order of the examples
    assert chief["extracted"] == chief["shares"]
    assert chief["apart"] == [0.0] * 11
    assert chief["described"] == {"dimensions": 3, "weights_sha256": "0"}
    assert chief["refused"] == "UsageError"
    # What fails on one fails on both; the chief may go on, or let all end with its message.
    assert chief["failure"] == chief["end"] == "RunError('worker 1 failed')"
    assert "failure" not in other
    assert other["end"] == "RunError('worker 1 failed')"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def context(**more: Any) -> MetricContext:
    return MetricContext(**more)


def by_parts(parts: int) -> Callable[..., np.ndarray]:
    def spread(function: Any, x: Any, *others: Any, at_once: int) -> np.ndarray:
        return per_example(function, x, *others, at_once=at_once, devices=["CPU:0"] * parts)

    return spread


def running_sum(part: np.ndarray, start: float) -> np.ndarray:
    return np.stack([part + start, part**2], axis=1)


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_order_and_shape_are_kept_however_many_share(parts: int, count: int) -> None:
    x = np.arange(count, dtype="float32")
    found = context(spread=by_parts(parts)).per_example(running_sum, x, 0.5, at_once=2)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.stack([x + 0.5, x**2], axis=1))


def total(part: np.ndarray) -> float:
    return float(part.sum())


def test_what_is_no_row_for_each_example_is_refused() -> None:
    with pytest.raises(PluginError, match=r"total returned shape \(\) for 3 examples"):
        context().per_example(total, np.ones(3))


def test_a_function_that_other_workers_could_not_find_is_refused_on_one() -> None:
    factor = 2.0
    with pytest.raises(PluginError, match="cannot find .* again by its name"):
        context().per_example(lambda part: factor * part, np.ones(3))
