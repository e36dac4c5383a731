"""Does a game teach its discriminator to read digits of which a hundred alone have a label?"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.data import DataUnavailable
from advnets.evaluate import student_interval
from advnets.game import Side
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source

PLUGIN = str(Path(__file__).with_name("labelled.py"))
REGISTRY = load_plugins((PLUGIN,))
MNIST = {
    "name": "tfds",
    "id": "mnist",
    "preprocess": "unit",
    "train": "train[:55000]",
    "validation": "train[55000:]",
}
RECIPE: dict[str, Any] = {
    "name": "labelled",
    "dataset": MNIST,
    "streams": {
        "labelled": {
            "take": {"examples": 100, "balanced": "label", "seed": 0},
            "batch_size": 50,
        }
    },
    "latent": {"name": "uniform", "size": 100},
    "generator": {
        "name": "mlp",
        "layers": [256, 256],
        "batch_norm": "before",
        "output": {"activation": "sigmoid"},
    },
    "discriminator": {
        "name": "mlp",
        "layers": [256, 256],
        "activation": "leaky_relu",
        "dropout": [0.2, 0.2, 0.2],
        "heads": {"class_logits": "label"},
        "logits": "log_sum_exp",
        "features": True,
    },
    "loss": "matched_features",
    "penalties": ["own_supervised"],
    "training": {"steps": 3000, "batch_size": 50},
    "monitoring": {"log_every": 500, "image_every": 0, "figures": False, "tensorboard": False},
    "evaluation": {
        "metrics": [
            {"name": "label_error", "split": "validation"},
            {"name": "label_error", "split": "test"},
        ]
    },
}
ARMS = {"matched_features": 3e-3, "labels_alone": 1e-3}
"""The two losses, and the learning rates that four trials of tuning chose for them."""
SMALL: dict[str, Any] = {
    "dataset": {"name": "digits", "preprocess": "unit"},
    "streams.labelled": {"take": {"examples": 30, "balanced": "label"}, "batch_size": 15},
    "generator.layers": [8],
    "discriminator.layers": [8],
    "discriminator.dropout": [],
    "training": {"steps": 4, "batch_size": 20},
    "monitoring.log_every": 2,
}


def played(folder: Path, loss: str, seed: int, **overrides: Any) -> advnets.Run:
    adam = {"name": "adam", "learning_rate": ARMS[loss], "beta_1": 0.5}
    entries = copy.deepcopy(RECIPE) | {"seed": seed, "loss": loss}
    entries["optimizers"] = {"generator": adam, "discriminator": adam}
    entries["streams"]["labelled"]["take"]["seed"] = seed
    return advnets.run(entries, overrides, folder, plugins=[PLUGIN])


def read_error(run: advnets.Run) -> float:
    """The share of test images that D names wrongly."""
    (error,) = [
        score["value"]
        for score in run.manifest["scores"]
        if score["metric"] == "label_error" and score["protocol"]["split"] == "test"
    ]
    return float(error)


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, advnets.Run]:
    """Both games in small, of one seed."""
    folder = tmp_path_factory.mktemp("labelled")
    return {loss: played(folder / loss, loss, 3, **SMALL) for loss in ARMS}


def test_both_learn_of_the_same_labels(arms: dict[str, advnets.Run]) -> None:
    taken = [run.manifest["data"]["streams"]["labelled"] for run in arms.values()]
    assert taken[0] == taken[1]
    labels = arms["labels_alone"].source.streams["labelled"].labels("train")
    assert np.bincount(labels).tolist() == [3] * 10
    for run in arms.values():
        assert 0.0 <= read_error(run) <= 1.0
        assert json.dumps(run.manifest["scores"]).count("Wilson") == 2


def test_the_error_is_that_of_the_head_alone(arms: dict[str, advnets.Run]) -> None:
    run = arms["matched_features"]
    said = run.discriminator(run.source.preprocess.apply(run.source.load("test")), training=False)
    wrong = np.argmax(said["class_logits"], axis=1) != run.source.labels("test")
    assert read_error(run) == pytest.approx(wrong.mean())


def test_labels_alone_leave_the_generator_where_it_began(arms: dict[str, advnets.Run]) -> None:
    """By matched features it moves."""
    moved = {}
    for loss, run in arms.items():
        fresh = build_game(run.recipe, run.source).generator.trainable_variables
        here = run.generator.trainable_variables
        gaps = [np.abs(a.numpy() - b.numpy()).max() for a, b in zip(fresh, here, strict=True)]
        moved[loss] = max(gaps)
    assert moved["labels_alone"] == 0.0
    assert moved["matched_features"] > 1e-4


def test_features_are_matched_in_the_mean() -> None:
    loss = REGISTRY.component("losses", "matched_features").load()()
    seen, made = tf.constant([[1.0, 0.0], [3.0, 4.0]]), tf.constant([[0.0, 1.0], [0.0, 1.0]])
    real = Side({"logits": tf.constant([0.0, 2.0]), "features": seen})
    fake = Side({"logits": tf.constant([-1.0, 0.0]), "features": made})
    np.testing.assert_allclose(loss.generator(real, fake), [5.0, 5.0])  # (2 - 0)² + (2 - 1)²
    by_hand = np.log1p(np.exp([0.0, -2.0])) + np.log1p(np.exp([-1.0, 0.0]))
    np.testing.assert_allclose(loss.discriminator(real, fake), by_hand, rtol=1e-6)


@pytest.mark.slow
def test_the_game_reads_digits_better_than_their_labels_alone(tmp_path: Path) -> None:
    """Five pairs of seeds and of hundreds of labels; the pair's difference, and its interval."""
    try:
        build_source(load_recipe(RECIPE, registry=REGISTRY)).available()
    except DataUnavailable as error:
        pytest.skip(error.message)
    differences = []
    for seed in range(1, 6):
        errors = [read_error(played(tmp_path / f"{loss}-{seed}", loss, seed)) for loss in ARMS]
        print(f"seed {seed}: {errors}")
        differences.append(errors[0] - errors[1])
    mean, error = np.mean(differences), np.std(differences, ddof=1) / len(differences) ** 0.5
    interval = student_interval(float(mean), float(error), len(differences) - 1)
    print(f"{mean:.4f}, 95 % interval {interval.low:.4f} to {interval.high:.4f}")
    assert interval.high < 0
