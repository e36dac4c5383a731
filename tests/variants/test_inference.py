"""Does an encoder that is learned with G invert it, and order digits by what they are?"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.evaluate import mean_interval, proportion_interval
from advnets.game import Batch, Loss, Side
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game

PLUGINS = [str(Path(__file__).with_name("variants.py"))]
ADAM = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}
MLP = {"name": "mlp", "layers": [256, 256], "activation": "leaky_relu"}
INFERENCE: dict[str, Any] = {
    "name": "inference",
    "seed": 1,
    "dataset": {"name": "digits", "preprocess": "unit"},
    "latent": {"name": "gaussian", "size": 8},
    "encounter": "own_inference",
    "networks": {"encoder": MLP},
    "generator": {
        "name": "mlp",
        "layers": [256, 256],
        "output": {"activation": "sigmoid", "bias": "marginals"},
    },
    "discriminator": MLP,
    "loss": "both_sides",
    "penalties": [{"name": "r1", "gamma": 0.1}, {"name": "cycle", "weight": 3.0}],
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "averaging": {"decay": 0.999},
    "training": {"steps": 6000, "batch_size": 64},
    "monitoring": {"log_every": 500, "image_every": 0, "tensorboard": False, "figures": False},
}


def played(folder: Path, **overrides: Any) -> advnets.Run:
    return advnets.run(copy.deepcopy(INFERENCE), overrides, folder, plugins=PLUGINS)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    small: Any = {f"{name}.layers": [16] for name in ("generator", "discriminator")}
    small |= {"networks.encoder.layers": [16], "training.steps": 4, "monitoring.log_every": 2}
    return played(tmp_path_factory.mktemp("short") / "run", **small)


def test_g_and_e_want_d_to_be_wrong_on_both_sides() -> None:
    loss = load_recipe(copy.deepcopy(INFERENCE), registry=load_plugins(PLUGINS)).make("loss", Loss)
    real, fake = Side(tf.constant([0.0, 1.0])), Side(tf.constant([0.0, 2.0]))
    # 2 log 2; log(1 + e⁻²) + log(1 + e)
    np.testing.assert_allclose(loss.generator(real, fake), [1.386294, 1.440190], rtol=1e-6)
    np.testing.assert_allclose(loss.discriminator(real, fake), [1.386294, 2.440190], rtol=1e-6)


def test_the_encoder_moves_with_g(short: advnets.Run) -> None:
    fresh = build_game(short.recipe, short.source)
    x = examples(short, "test")
    z = short.game.networks["encoder"](x, training=False).numpy()
    assert z.shape == (180, 8)
    assert np.all(z != fresh.networks["encoder"](x, training=False).numpy())


def test_the_term_is_how_far_examples_are_from_what_g_makes_of_their_codes(
    short: advnets.Run,
) -> None:
    game, x = short.game, tf.constant(examples(short, "train")[:4])
    play = game.play(Batch(x, {}), "check")
    code = game.networks["encoder"](x, training=False)
    back = game.networks["generator"](code, training=False)
    expected = 3.0 * np.abs(x - back).mean((1, 2, 3))
    np.testing.assert_allclose(game.penalties[1](play), expected, rtol=1e-5)


def examples(run: advnets.Run, split: str) -> np.ndarray:
    return np.asarray(run.source.preprocess.apply(run.source.load(split)), np.float32)


def flat(values: Any) -> np.ndarray:
    return np.asarray(values, np.float64).reshape(len(values), -1)


def found_by_neighbour(run: advnets.Run, of: Any) -> int:
    """How many test images have the digit of the training image that is nearest in ``of(x)``."""
    train, test = (flat(of(examples(run, split))) for split in ("train", "test"))
    near = ((test[:, None] - train[None]) ** 2).sum(-1).argmin(1)
    return int((run.source.labels("train")[near] == run.source.labels("test")).sum())


def measured(run: advnets.Run) -> dict[str, Any]:
    """Distances are means of |x − x'| over pixels, which lie between 0 and 1."""
    networks = run.game.sampling_networks()
    train, test = examples(run, "train"), examples(run, "test")
    back = networks["generator"](networks["encoder"](test, training=False), training=False)
    generated = flat(run.game.generate(1000, seed=1)[0])
    distance = np.abs(flat(test) - flat(back)).mean(1)
    untrained = build_game(run.recipe, run.source).networks["encoder"]
    return {
        "distance": distance.mean(),
        "error": mean_interval(distance).error,
        "of_mean": np.abs(flat(test) - flat(train).mean(0)).mean(),
        "of_nearest": np.mean([np.abs(generated - x).mean(1).min() for x in flat(test)]),
        "found": found_by_neighbour(run, lambda x: networks["encoder"](x, training=False)),
        "untrained": found_by_neighbour(run, lambda x: untrained(x, training=False)),
        "pixels": found_by_neighbour(run, lambda x: x),
        "examples": len(test),
    }


def tell(seed: int, run: advnets.Run) -> dict[str, Any]:
    seen = measured(run)
    print(f"seed {seed}: " + ", ".join(f"{name} {value:.4g}" for name, value in seen.items()))
    assert seen["distance"] <= 0.8 * seen["of_mean"]
    ours, before = (proportion_interval(seen[n], seen["examples"]) for n in ("found", "untrained"))
    assert ours.low > before.high
    return seen


@pytest.mark.slow
def test_an_encoder_orders_digits_by_what_they_are(tmp_path: Path) -> None:
    """By the game alone, it tells them apart better than before it learned."""
    tell(1, played(tmp_path / "run", penalties=[{"name": "r1", "gamma": 0.1}]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_a_term_of_its_errors_it_inverts_the_generator_too(seed: int, tmp_path: Path) -> None:
    """G(E(x)) is nearer to x than the nearest of 1,000 samples."""
    seen = tell(seed, played(tmp_path / "run", seed=seed))
    assert seen["distance"] < seen["of_nearest"]
