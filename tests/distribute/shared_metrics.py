"""A plugin's metrics that are computed for each example, by whoever there is."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from advnets import Component, hookimpl
from advnets.evaluate import FeatureExtractor


@hookimpl
def advnets_metrics() -> list[Component]:
    return [
        Component("distance", "shared_metrics:distance"),
        Component("devices", "shared_metrics:devices"),
        Component("described", "shared_metrics:described"),
    ]


@hookimpl
def advnets_features() -> list[Component]:
    return [
        Component("places", "shared_metrics:Places"),
        Component("apart", "shared_metrics:Apart"),
    ]


def distance(context: Any) -> Any:
    """Mean distance of the test examples to the mean of the first ones: no sample enters."""
    from advnets.evaluate import Score

    test = context.examples("test")
    values = context.per_example(norm, test, test[:50].mean(axis=0), {"power": 3}, at_once=17)
    protocol = context.protocol(first=values[:3], last=values[-3:], examples=len(values))
    return Score("distance", float(values.mean()), None, protocol)


def norm(part: np.ndarray, centre: np.ndarray, options: dict[str, int]) -> np.ndarray:
    difference = (part.astype("float64") - centre).reshape(len(part), -1)
    return (difference**2).sum(axis=1) ** (options["power"] / 2)


class Places(FeatureExtractor):
    """An example's sum, and the worker and device that computed it."""

    def __init__(self, context: Any):
        self.worker = json.loads(os.environ.get("TF_CONFIG") or '{"task": {"index": 0}}')["task"]

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        sums = examples.reshape(len(examples), -1).sum(axis=1, dtype="float64")
        return np.stack([sums, np.full(len(sums), self.worker["index"]), device(examples)], axis=1)

    def describe(self) -> dict[str, Any]:
        return {"dimensions": 3}


class Apart(Places):
    """Learnt on another kind of machine than the other worker's, one might think."""

    def describe(self) -> dict[str, Any]:
        return {"dimensions": 3, "weights_sha256": str(self.worker["index"])}


def described(context: Any) -> Any:
    """The mean of an extractor's features, and which devices computed them."""
    from advnets.evaluate import Score

    values = context.features("places", context.examples("test"))
    used = sorted({int(place) for place in values[:, 2]})
    protocol = context.protocol(features=context.describe_features("places"), devices=used)
    return Score("described", float(values[:, 0].mean()), None, protocol)


def devices(context: Any) -> Any:
    """On how many devices the function was called, and how many examples each had."""
    from advnets.evaluate import Score

    seen = context.per_example(device, context.examples("test"), at_once=1000).astype(int)
    protocol = context.protocol(shares=np.bincount(seen), examples=len(seen))
    return Score("devices", float(len(set(seen.tolist()))), None, protocol)


def device(part: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    return np.full(len(part), float(tf.constant(0.0).device.rpartition(":")[2]))


def worker(part: np.ndarray) -> np.ndarray:
    """Which worker computes an example."""
    return np.full(len(part), float(json.loads(os.environ["TF_CONFIG"])["task"]["index"]))


def fail_on_the_second(part: np.ndarray) -> np.ndarray:
    if worker(part).any():
        raise ValueError("too much for this worker")
    return part
