"""When a run scores itself."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.monitor.report.charts import score_charts
from advnets.observe.scores import Scores
from advnets.recipe import load_recipe
from advnets.session.observers import make_observers

pytestmark = pytest.mark.usefixtures("without_reports")

SMALL = {
    "training.steps": 12,
    "generator.layers": [8],
    "discriminator.layers": [8],
    "dataset.examples": 500,
    "dataset.held_out": 100,
    "monitoring.tensorboard": False,
    "monitoring.figures": False,
    "monitoring.image_every": 0,
}


def scores(**changes):
    """The observer that scores, of a recipe for a ring."""
    recipe = load_recipe("ring", SMALL | changes)
    found = make_observers(recipe, recipe.registry, [], lambda work: work())
    return next(each for each in found if isinstance(each, Scores))


@pytest.mark.parametrize(
    ("every", "steps", "scored"),
    [(0, 12, [12]), (5, 12, [5, 10, 12]), (100, 12, [12]), (6, 12, [6, 12])],
)
def test_metrics_are_computed_at_the_end_whatever_the_cadence(every, steps, scored):
    observer = scores(**{"training.steps": steps, "evaluation.every": every})
    found = [step for step in range(1, steps + 1) if observer.due(step, last=step == steps)]
    assert found == scored


def test_without_metrics_nothing_is_scored():
    observer = scores(**{"evaluation.metrics": [], "evaluation.every": 5})
    assert not any(observer.due(step, last=step == 12) for step in range(1, 13))


def test_a_run_with_metrics_and_no_cadence_is_scored_once_after_the_last_round(tmp_path):
    run = advnets.run("ring", SMALL | {"evaluation.every": 0}, run_dir=tmp_path / "run")
    scores = run.manifest["scores"]
    assert [score["metric"] for score in scores] == [
        "modes",
        "high_quality",
        "reverse_kl",
        "smallest_share",
    ]
    assert {score["protocol"]["step"] for score in scores} == {12}
    assert {score["protocol"]["samples"] for score in scores} == {2500}
    again = {score.metric: score.value for score in run.evaluate()}
    assert again == {score["metric"]: score["value"] for score in scores}


def test_stacked_digits_are_counted_by_a_classifier_that_the_run_trains(tmp_path, monkeypatch):
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    features = {"name": "classifier", "steps": 20}
    tiny = {
        "dataset": {"name": "stacked_mnist", "digits": "sklearn", "examples": 40, "held_out": 9},
        "generator.channels": 2,
        "discriminator.channels": 2,
        "training": {"steps": 2, "batch_size": 4},
        "monitoring.tensorboard": False,
        "monitoring.figures": False,
        "monitoring.image_every": 0,
        "evaluation.metrics": [{"name": "modes", "samples": 30, "features": features}],
    }
    run = advnets.run("stacked_mnist", tiny, run_dir=tmp_path / "run")
    scores = {score["metric"]: score for score in run.manifest["scores"]}
    assert scores.keys() == {"modes", "reverse_kl", "smallest_share"}
    assert 1 <= scores["modes"]["value"] <= 30
    told = scores["modes"]["protocol"]
    assert told["modes_in_all"] == 1000
    assert told["features"]["trained_on"] == "digits"
    assert 0 < told["features"]["accuracy"] <= 1
    assert len(list((tmp_path / "cache").rglob("*.npz"))) == 1


def test_data_that_do_not_fit_into_memory_are_scored_in_parts(tmp_path):
    draw = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for i in range(60):
        grey = draw.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(grey).save(tmp_path / "pictures" / f"{i:02}.png")
    small = {
        "dataset": {"name": "folder", "path": str(tmp_path / "pictures"), "size": 8},
        "generator.layers": [8],
        "discriminator.layers": [8, 8],
        "training": {"steps": 2, "batch_size": 4},
        "monitoring.tensorboard": False,
        "monitoring.figures": False,
        "monitoring.image_every": 0,
        "evaluation.metrics": [
            {"name": "fid", "features": "pixels", "samples": 20, "split": "train"}
        ],
    }
    whole = advnets.run("digits", small, run_dir=tmp_path / "whole")
    parts = advnets.run(
        "digits", small | {"distribution.memory_budget": 0}, run_dir=tmp_path / "parts"
    )
    (one,), (other,) = whole.manifest["scores"], parts.manifest["scores"]
    assert other["value"] == pytest.approx(one["value"], rel=1e-9)
    assert other["protocol"]["data_sha256"] == one["protocol"]["data_sha256"]


def test_a_metric_that_is_measured_in_two_ways_is_shown_in_both(tmp_path):
    """In the lines, of which each names a score once, and in charts of their own."""
    ways = [{"name": "energy_distance", "features": "pixels", "samples": n} for n in (40, 60)]
    changed = {"evaluation.every": 6, "evaluation.metrics": ways}
    run = advnets.run("ring", SMALL | changed, run_dir=tmp_path / "run")
    listed = [(one["protocol"]["step"], one["value"]) for one in run.manifest["scores"]]
    lines = [
        (row["step"], row["scores"]["energy_distance"]) for row in run.metrics if "scores" in row
    ]
    assert len(listed) == 4
    assert lines == listed
    assert len(score_charts(run.manifest["scores"])) == 2
