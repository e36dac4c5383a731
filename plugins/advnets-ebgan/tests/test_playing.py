"""From a shipped recipe to samples, with small networks on digits that need no download."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import advnets

SMALL = {
    "dataset": {"name": "digits", "preprocess": "symmetric"},
    "generator.layers": [32],
    "discriminator.encoder": [32, 16],
    "discriminator.stddev": 0.1,
    "loss.margin": 2.0,
    "training.steps": 60,
    "training.batch_size": 50,
    "monitoring.log_every": 20,
    "evaluation.metrics": [{"name": "ebgan_value", "samples": 100}],
}


RECIPES = ("ebgan_mnist", "ebgan_pt_mnist")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, advnets.Run]:
    """A short run of each recipe."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: advnets.run(name, SMALL, run_dir=folder / name) for name in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES)
def test_plays(recipe: str, runs: dict[str, advnets.Run]) -> None:
    run = runs[recipe]
    assert run.manifest["status"] == "finished"
    value, real, fake = run.manifest["scores"]
    assert value["protocol"]["margin"] == 2.0
    assert value["value"] >= real["value"] + 2.0 - fake["value"] - 1e-9
    # By the statistics that the game is played with: near what was logged last.
    last = [record for record in run.metrics if "scores" not in record][-1]
    assert real["value"] == pytest.approx(last["energy_real"], rel=0.3)
    assert fake["value"] == pytest.approx(last["energy_fake"], rel=0.3)
    before = [variable.numpy() for variable in run.discriminator.variables]
    run.evaluate(["ebgan_value"])
    for variable, was in zip(run.discriminator.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), was)
    rounds = [record for record in run.metrics if "scores" not in record]
    first, *_, last = rounds
    assert last["energy_real"] < 0.8 * first["energy_real"], "D does not learn to rebuild digits"
    # D's loss is E(x) + [m − E(G(z))]⁺, in the mean at least E(x) + m − E(G(z)).
    for record in rounds:
        assert record["d_loss"] >= record["energy_real"] + 2.0 - record["energy_fake"] - 1e-3
        assert "value" not in record, "there is no V(D, G) in nats without probabilities"
    samples, _ = run.sample(7)
    assert samples.shape == (7, 8, 8, 1)
    assert samples.min() >= -0.01
    assert samples.max() <= 255.01
    said = run.discriminator(np.zeros((3, 8, 8, 1), "float32"))
    assert said["features"].shape == (3, 16)


def test_the_pulling_away_term_changes_the_game(runs: dict[str, advnets.Run]) -> None:
    without, with_it = (runs[name].manifest["state_sha256"] for name in RECIPES)
    assert with_it != without


@pytest.mark.slow
def test_on_two_replicas(tmp_path: Path) -> None:
    """In a process of its own: logical devices must be made before TensorFlow is used."""
    script = Path(__file__).parent / "two_replicas.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path / "run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
