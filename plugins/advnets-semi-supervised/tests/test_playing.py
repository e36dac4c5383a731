"""From the shipped recipes to a classifier, in short, on digits that need no download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets

SHORT: dict[str, Any] = {
    "generator.layers": [8],
    "discriminator.layers": [8],
    "discriminator.dropout": [],
    "training": {"steps": 6, "batch_size": 20},
    "monitoring": {"log_every": 3, "image_every": 0, "figures": False, "tensorboard": False},
    "evaluation": {"every": 2, "metrics": ["classification_error"]},
}
RECIPES = ("semi_supervised_digits", "labels_alone_digits")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, advnets.Run]:
    """A short run of each recipe."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: advnets.run(name, SHORT, run_dir=folder / name) for name in RECIPES}


def test_both_learn_of_the_same_labels(runs: dict[str, advnets.Run]) -> None:
    taken = [run.manifest["data"]["streams"]["labelled"] for run in runs.values()]
    assert taken[0] == taken[1]
    labels = runs["labels_alone_digits"].source.streams["labelled"].labels("train")
    assert np.bincount(labels).tolist() == [10] * 10


def test_the_error_is_that_of_the_head(runs: dict[str, advnets.Run]) -> None:
    for run in runs.values():
        examples = run.source.preprocess.apply(run.source.load("test"))
        said = run.discriminator(examples, training=False)
        wrong = np.argmax(said["class_logits"], axis=1) != run.source.labels("test")
        *_, score = run.manifest["scores"]
        assert score["value"] == pytest.approx(wrong.mean())
        assert any("labelled_accuracy" in record for record in run.metrics)


def test_where_nobody_plays_g_stays_and_d_learns(
    runs: dict[str, advnets.Run], tmp_path: Path
) -> None:
    """After two rounds G is as after six, and D is not."""
    later = runs["labels_alone_digits"]
    changed = {**SHORT, "training.steps": 2, "training.batch_size": 20}
    changed.pop("training")
    sooner = advnets.run("labels_alone_digits", changed, run_dir=tmp_path / "run")
    moved = {}
    for player in ("generator", "discriminator"):
        one, other = (getattr(run, player).trainable_variables for run in (sooner, later))
        gaps = [np.abs(a.numpy() - b.numpy()).max() for a, b in zip(one, other, strict=True)]
        moved[player] = max(gaps)
    assert moved["generator"] == 0.0
    assert moved["discriminator"] > 1e-4
