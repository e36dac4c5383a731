"""What does not fit is refused before a round, in a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from advnets import AdvnetsError, RecipeError

SMALL = {
    "training": {"steps": 3, "batch_size": 16},
    "monitoring.image_every": 0,
    "monitoring.figures": False,
    "evaluation.metrics": [],
}
POINTS = {"dataset": {"name": "ring", "examples": 200, "held_out": 20}}


@pytest.mark.parametrize(
    ("name", "parameters", "which"),
    [
        ("r2", {"gamma": -1.0}, "gamma"),
        ("dragan", {"weight": -1.0}, "weight"),
        ("dragan", {"scale": -0.5}, "scale"),
        ("dragan", {"noise": "cauchy"}, "noise"),
        ("consistency", {"augmentations": []}, "augmentations"),
        ("consistency", {"weight": -1}, "weight"),
        ("balanced_consistency", {"fake": -1}, "fake"),
        ("lecam", {"decay": 1.0}, "decay"),
        ("lecam", {"begin": 0}, "begin"),
        ("lecam", {"weight": -0.3}, "weight"),
        ("orthogonal", {"network": "encoder"}, "network"),
        ("orthogonal", {"weight": -1e-4}, "weight"),
        ("label_smoothing", {"share": 0.0}, "share"),
        ("label_smoothing", {"share": 1.0}, "share"),
    ],
)
def test_bad_parameters(
    advnets_run: Callable[..., Any], name: str, parameters: dict[str, Any], which: str
) -> None:
    with pytest.raises(RecipeError, match=rf"penalties\.0\.{which}"):
        advnets_run("baseline_digits", {"penalties": [{"name": name, **parameters}]})


def test_an_augmentation_that_there_is_not(advnets_run: Callable[..., Any]) -> None:
    penalty = {"name": "consistency", "augmentations": ["translatoin"]}
    with pytest.raises(AdvnetsError, match="translation"):
        advnets_run("baseline_digits", {**SMALL, "penalties": [penalty]})


@pytest.mark.parametrize("name", ["consistency", "balanced_consistency"])
def test_a_translation_of_points(advnets_run: Callable[..., Any], name: str) -> None:
    more = {**SMALL, **POINTS, "penalties": [name], "generator.output": {"activation": "linear"}}
    with pytest.raises(AdvnetsError, match=r"takes images.* of the shape \[2\]"):
        advnets_run("baseline_digits", more)


def test_noise_suits_points(advnets_run: Callable[..., Any]) -> None:
    penalty = {
        "name": "consistency",
        "augmentations": [{"name": "instance_noise", "deviation": 0.01}],
    }
    more = {**SMALL, **POINTS, "penalties": [penalty], "generator.output": {"activation": "linear"}}
    run = advnets_run("baseline_digits", more)
    assert run.manifest["status"] == "finished"


def test_a_discriminator_without_logits(advnets_run: Callable[..., Any]) -> None:
    """Found by the recipe, without TensorFlow."""
    more = {**SMALL, "penalties": ["lecam"], "loss": "ebgan_margin"}
    with pytest.raises(AdvnetsError, match=r"energy|logits"):
        advnets_run("ebgan_mnist", {**more, "dataset": {"name": "digits"}})


def test_smoothing_of_a_loss_of_scores(advnets_run: Callable[..., Any]) -> None:
    more = {**SMALL, "penalties": ["label_smoothing"], "loss": "hinge"}
    with pytest.raises(AdvnetsError, match="LabelSmoothing takes D's logits for log-odds"):
        advnets_run("baseline_digits", more)


def test_averages_that_begin_after_the_run(
    advnets_run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", "advnets"):
        advnets_run("baseline_digits", {**SMALL, "penalties": [{"name": "lecam", "begin": 3}]})
    assert any("begins in round 3, and the run has 3" in each for each in caplog.messages)


@pytest.mark.slow
def test_all_at_once_play(advnets_run: Callable[..., Any]) -> None:
    """Lazily, by schedules, and what they remember is logged."""
    falling = {"from": 1.0, "to": 0.1, "rounds": 3}
    penalties = [
        {"name": "r2", "gamma": falling, "every": 2},
        {"name": "dragan", "weight": falling},
        {"name": "consistency", "weight": falling},
        {"name": "balanced_consistency", "real": falling},
        {"name": "lecam", "weight": falling, "begin": 2},
        {"name": "orthogonal", "weight": falling},
        {"name": "orthogonal", "network": "discriminator", "unit": True},
        "label_smoothing",
    ]
    run = advnets_run(
        "baseline_digits", {**SMALL, "monitoring.log_every": 1, "penalties": penalties}
    )
    assert run.manifest["status"] == "finished"
    assert all({"lecam_real", "lecam_fake"} <= set(record) for record in run.metrics)
    terms = [record["d_penalties.4"] for record in run.metrics]
    assert terms[:2] == [0.0, 0.0]
    assert terms[2] > 0
    assert all(record["g_penalties.5"] > 0 for record in run.metrics)
