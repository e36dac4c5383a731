"""An adversarial auto-encoder: D judges latents, G gives back what was encoded."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import advnets
from advnets.evaluate import mean_interval
from advnets.game import AdversarialGame, Encounter, Gaussian, Penalty
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

PLUGIN = str(Path(__file__).with_name("variants.py"))
ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
MLP = {"name": "mlp", "layers": [128, 128], "activation": "leaky_relu"}
AUTOENCODER: dict[str, Any] = {
    "name": "autoencoder",
    "seed": 1,
    "dataset": {"name": "digits", "preprocess": "unit"},
    "latent": {"name": "gaussian", "size": 8},
    "encounter": "aggregated",
    "networks": {"encoder": MLP},
    "generator": {
        "name": "mlp",
        "layers": [128, 128],
        "output": {"activation": "sigmoid", "bias": "marginals"},
    },
    "discriminator": MLP,
    "loss": "non_saturating",
    "penalties": ["reconstruction", {"name": "r1", "gamma": 0.1}],
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": 3000, "batch_size": 64},
    "monitoring": {"log_every": 500, "image_every": 0, "tensorboard": False, "figures": False},
}
SHORT = {
    "generator.layers": [16],
    "discriminator.layers": [16],
    "networks.encoder.layers": [16],
    "training.steps": 8,
    "monitoring.log_every": 4,
}


def played(folder: Path, **overrides: Any) -> advnets.Run:
    return advnets.run(copy.deepcopy(AUTOENCODER), overrides, folder, plugins=[PLUGIN])


def encoded(run: advnets.Run, split: str) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(run.source.preprocess.apply(run.source.load(split)), np.float32)
    return x, run.game.networks["encoder"](x, training=False).numpy()


def test_it_judges_latents_and_samples_images(tmp_path: Path) -> None:
    played(tmp_path / "stopped", **{**SHORT, "training.steps": 5})
    resumed, run = played(tmp_path / "stopped", **SHORT), played(tmp_path / "run", **SHORT)
    assert resumed.commit.state_sha256 == run.commit.state_sha256
    last = run.metrics[-1]
    assert all(math.isfinite(last[name]) for name in ("d_loss", "g_loss"))
    x, z = encoded(run, "test")
    assert run.discriminator(z, training=False).shape == (180,)
    assert run.game.generator(z).shape == x.shape
    samples, told = run.sample(5)
    assert samples.shape == (5, 8, 8, 1)
    assert list(told) == ["latent"]


def test_reconstruction_is_a_sum_of_squares() -> None:
    """Where G says nothing but zeros, it is ‖x‖²: by `fit`, of networks made by hand."""
    recipe = load_recipe(copy.deepcopy(AUTOENCODER), registry=load_plugins([PLUGIN]))
    dense, flat = keras.layers.Dense, keras.layers.Flatten
    zeros = keras.Sequential(
        [keras.Input((2,)), dense(4, kernel_initializer="zeros"), keras.layers.Reshape((2, 2, 1))]
    )
    game = AdversarialGame(
        zeros,
        keras.Sequential([keras.Input((2,)), dense(1, kernel_initializer="zeros")]),
        networks={"encoder": keras.Sequential([keras.Input((2, 2, 1)), flat(), dense(2)])},
        encounter=recipe.make("encounter", Encounter),
        penalties=recipe.make_all("penalties", Penalty)[:1],
        prior=Gaussian(2),
    )
    game.compile(keras.optimizers.SGD(1e-12), keras.optimizers.SGD(1e-12))
    x = np.tile(np.reshape([1.0, 2.0, 3.0, 4.0], (1, 2, 2, 1)), (4, 1, 1, 1)).astype("float32")
    history = game.fit(x, batch_size=4, verbose=0)
    # And the judge says D = 1/2: log(1 − 1/2) is G's loss in the minimax game.
    assert history.history["g_loss"] == pytest.approx([30.0 - math.log(2)])


@pytest.mark.slow
def test_it_gives_back_what_it_encodes_as_the_prior_has_it(tmp_path: Path) -> None:
    run = played(tmp_path / "run")
    x, z = encoded(run, "test")
    distance = np.abs(run.game.generator(z).numpy() - x).mean((1, 2, 3))
    of_mean = np.abs(x - encoded(run, "train")[0].mean(0)).mean()
    mean, deviation = z.mean(0), z.std(0)
    print(
        f"L1 {distance.mean():.4f} ± {mean_interval(distance).error:.4f}, of the mean image "
        f"{of_mean:.4f}; means of E(x) to ±{np.abs(mean).max():.2f}, deviations "
        f"{deviation.min():.2f} to {deviation.max():.2f}"
    )
    assert distance.mean() < 0.6 * of_mean
    assert np.abs(mean).max() < 0.35
    assert 0.75 < deviation.min() <= deviation.max() < 1.25
