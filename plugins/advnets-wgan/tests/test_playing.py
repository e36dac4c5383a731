"""From the shipped recipe to samples, and that the critic's estimate falls as G learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

SMALL = {
    "dataset": {"name": "ring", "examples": 2000, "held_out": 200},
    "training": {"steps": 300, "batch_size": 64},
    "optimizers.generator.learning_rate": 1e-3,
    "optimizers.discriminator.learning_rate": 1e-3,
    "penalties": [{"name": "gradient_penalty", "weight": 1.0}],
    "monitoring.log_every": 50,
    "monitoring.samples": 10,
    "monitoring.image_every": 0,
    "monitoring.figures": False,
}


def test_the_estimate_of_the_distance_falls(advnets_run: Callable[..., Any]) -> None:
    run = advnets_run("wgan_gp_ring", SMALL)
    assert run.manifest["status"] == "finished"
    estimates = [record["wasserstein_estimate"] for record in run.metrics]
    assert max(estimates) < 2.0  # of a critic with slopes near 1, on data of radius 1
    assert np.mean(estimates[-3:]) < 0.5 * max(estimates), "G does not come nearer"
    for record in run.metrics:
        assert record["wasserstein_estimate"] == pytest.approx(
            record["critic_real"] - record["critic_fake"], abs=1e-4
        )
        # The penalty is not negative, and d_loss is −estimate + penalty.
        assert record["d_loss"] >= -record["wasserstein_estimate"] - 1e-4
        assert record["g_loss"] != record["d_loss"]
        assert not {"value", "d_real", "d_accuracy_real"} & set(record)
    samples, _ = run.sample(500)
    assert np.abs(samples.mean(axis=0)).max() < 0.3
    assert 0.5 < np.linalg.norm(samples, axis=1).mean() < 1.2  # the ring's radius is 1


def test_weight_clipping_plays_too(advnets_run: Callable[..., Any]) -> None:
    run = advnets_run(
        "wgan_gp_ring",
        {
            **SMALL,
            "training": {"steps": 20, "batch_size": 64},
            "penalties": [],
            "optimizers.discriminator": {"name": "clipped_rmsprop", "clip": 0.05},
        },
    )
    weights = run.discriminator.get_weights()
    assert max(np.abs(weight).max() for weight in weights) <= np.float32(0.05)
    kernels = [weight for weight in weights if weight.ndim == 2]
    assert all((np.abs(kernel) == np.float32(0.05)).any() for kernel in kernels)
