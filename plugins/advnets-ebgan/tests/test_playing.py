"""From a shipped recipe to samples, with small networks on digits that need no download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

SMALL = {
    "dataset": {"name": "digits", "preprocess": "symmetric"},
    "generator.layers": [32],
    "discriminator.encoder": [32, 16],
    "discriminator.stddev": 0.1,
    "loss.margin": 2.0,
    "training.steps": 60,
    "training.batch_size": 50,
    "monitoring.log_every": 20,
}


@pytest.mark.parametrize("recipe", ["ebgan_mnist", "ebgan_pt_mnist"])
def test_plays(recipe: str, advnets_run: Callable[..., Any]) -> None:
    run = advnets_run(recipe, SMALL)
    assert run.manifest["status"] == "finished"
    first, *_, last = run.metrics
    assert last["energy_real"] < 0.8 * first["energy_real"], "D does not learn to rebuild digits"
    # D's loss is E(x) + [m − E(G(z))]⁺, in the mean at least E(x) + m − E(G(z)).
    for record in run.metrics:
        assert record["d_loss"] >= record["energy_real"] + 2.0 - record["energy_fake"] - 1e-3
        assert "value" not in record, "there is no V(D, G) in nats without probabilities"
    samples, _ = run.sample(7)
    assert samples.shape == (7, 8, 8, 1)
    assert samples.min() >= -0.01
    assert samples.max() <= 255.01
    said = run.discriminator(np.zeros((3, 8, 8, 1), "float32"))
    assert said["features"].shape == (3, 16)


def test_the_pulling_away_term_changes_the_game(advnets_run: Callable[..., Any], tmp_path) -> None:
    quick = {**SMALL, "training.steps": 3, "training.batch_size": 20}
    with_it = advnets_run("ebgan_pt_mnist", quick, run_dir=tmp_path / "with")
    without = advnets_run("ebgan_mnist", quick, run_dir=tmp_path / "without")
    assert with_it.manifest["state_sha256"] != without.manifest["state_sha256"]
