"""Is the map between two domains of points found, by points that are no pairs?"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from scipy.spatial.distance import cdist, pdist

import advnets
from advnets.cli.main import cli

sys.path.insert(0, str(Path(__file__).parent))
import domains

PLUGIN = str(Path(__file__).with_name("domains.py"))
ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
MLP = {"name": "mlp", "layers": [64, 64], "activation": "leaky_relu"}
TERM = {"name": "there_and_back", "weight": 1.0}
R1 = {"name": "r1", "gamma": 0.1}
RECIPE: dict[str, Any] = {
    "name": "domains",
    "seed": 1,
    "dataset": {"name": "corners"},
    "streams": {"other": {"dataset": {"name": "corners", "mapped": True}}},
    "latent": "none",
    "encounter": "translation",
    "networks": {"generator_b": "near_identity", "discriminator_b": MLP},
    "generator": "near_identity",
    "discriminator": MLP,
    "loss": "non_saturating",
    "penalties": [R1, TERM],
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "averaging": {"decay": 0.999},
    "training": {"steps": 5000, "batch_size": 64},
    "distribution": {"jit": "on"},
    "monitoring": {"log_every": 1000, "image_every": 0, "tensorboard": False},
}


def played(folder: Path, **overrides: Any) -> advnets.Run:
    return advnets.run(copy.deepcopy(RECIPE), overrides, folder, plugins=[PLUGIN])


def root_mean_square(differences: np.ndarray) -> float:
    return float(np.sqrt((differences.astype(float) ** 2).sum(axis=1).mean()))


def energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    """2 E‖x − y‖ − E‖x − x'‖ − E‖y − y'‖, unbiased."""
    return float(2 * cdist(x, y).mean() - pdist(x).mean() - pdist(y).mean())


def measured(run: advnets.Run) -> dict[str, float]:
    """Of held-out points of both domains; distances in the units of the first, or the second."""
    networks = run.game.sampling_networks()
    a, b = run.source.load("test"), run.source.streams["other"].load("test")
    to_a = networks["generator"](b, training=False).numpy()
    to_b = networks["generator_b"](a, training=False).numpy()
    again = networks["generator"](to_b, training=False).numpy()
    return {
        "error_a": root_mean_square(to_a - domains.back(b)),
        "error_b": root_mean_square(to_b - domains.there(a)),
        "energy_a": energy_distance(a, to_a),
        "energy_b": energy_distance(b, to_b),
        "again": root_mean_square(again - a),
    }


def test_the_map_is_not_the_identity_and_its_inverse_is_known() -> None:
    a, b = domains.Corners().load("test"), domains.Corners(mapped=True).load("test")
    np.testing.assert_allclose(domains.back(domains.there(a)), a, atol=1e-6)
    assert root_mean_square(domains.there(a) - a) > root_mean_square(a - a.mean(axis=0))
    assert energy_distance(domains.there(a), b) < 0.01 < 0.5 < energy_distance(a, b)


def test_the_term_is_how_far_points_are_from_where_they_return_to(tmp_path: Path) -> None:
    run = played(tmp_path / "run", **{"training.steps": 2, "distribution.jit": "off"})
    g, g_b = run.game.networks["generator"], run.game.networks["generator_b"]
    a, b = (tf.constant(s.load("test")[:5]) for s in (run.source, run.source.streams["other"]))
    play = run.game.play(run.game.take({"example": a, "other": b}), "check")
    expected = abs(g_b(g(b)) - b) + abs(g(g_b(a)) - a)
    np.testing.assert_allclose(run.game.penalties[1](play), expected.numpy().mean(1), rtol=1e-5)
    samples, told = run.sample(3)
    averaged = run.game.sampling_networks()["generator"]
    np.testing.assert_allclose(samples, averaged(told["other.example"]), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_map_is_found(seed: int, tmp_path: Path) -> None:
    """With the term and without; with it, the two maps are each other's inverse."""
    with_term = measured(played(tmp_path / "with", seed=seed))
    without = measured(played(tmp_path / "without", seed=seed, penalties=[R1]))
    for which, seen in (("with", with_term), ("without", without)):
        print(f"seed {seed}, {which} the term: {json.dumps(seen)}")
    assert max(with_term["error_a"], with_term["error_b"]) < 0.05
    assert max(with_term["energy_a"], with_term["energy_b"]) < 0.01
    assert with_term["again"] < 0.015
    assert with_term["again"] < 0.5 * without["again"]


@pytest.mark.slow
def test_kills_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "recipe.json"
    short = {
        "training": {"steps": 1500, "batch_size": 64},
        "checkpoints": {"every": 50},
        "distribution": {"jit": "off"},
    }
    file.write_text(json.dumps({**RECIPE, **short}))
    words = ["verify-resume", str(file), "--kills", "3", "--plugin", PLUGIN]
    done = CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    assert "The same after 3 kills" in done.output
