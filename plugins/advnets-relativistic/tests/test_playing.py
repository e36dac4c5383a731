"""The shipped recipe and the paired loss, for a moment each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SMALL = {
    "dataset": {"name": "ring", "examples": 2000, "held_out": 200},
    "training": {"steps": 40, "batch_size": 64},
    "generator.layers": [16],
    "discriminator.layers": [16],
    "monitoring": {"log_every": 10, "samples": 10, "tensorboard": False, "figures": False},
}


@pytest.mark.parametrize("loss", ["relativistic_average", "relativistic"])
def test_plays(loss: str, advnets_run: Callable[..., Any]) -> None:
    run = advnets_run("relativistic_ring", {**SMALL, "loss": loss})
    assert run.manifest["status"] == "finished"
    for record in run.metrics:
        assert 0 < record["over_fake"] < 1
        assert not {"value", "d_real", "d_accuracy_real"} & set(record)
