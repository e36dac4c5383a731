"""`advnets evaluate` on a real run."""

from __future__ import annotations

import json

import pytest
import tensorflow as tf

from advnets.cli.main import cli
from advnets.errors import DataError, PluginError, RecipeError, UsageError


def run(*words):
    return cli.main([str(word) for word in words], standalone_mode=False)


def test_json_is_a_list_of_scores_with_protocols(run_folder, capsys):
    run("evaluate", run_folder, "--metric", "parzen", "--json")
    [score] = json.loads(capsys.readouterr().out)
    assert sorted(score) == ["error", "metric", "protocol", "value"]
    assert score["metric"] == "parzen"
    assert score["error"] > 0
    protocol = score["protocol"]
    assert protocol["samples"] == 10_000
    assert protocol["sigma"] in protocol["sigma_grid"]
    assert (protocol["split"], protocol["sigma_split"]) == ("test", "validation")
    assert (protocol["dataset"], protocol["step"]) == ("digits", 60)
    assert len(protocol["weights_sha256"]) == 64


def test_scores_enter_the_manifest_once_and_the_report(run_folder, capsys):
    for _ in range(2):
        run("evaluate", run_folder, "--metric", "parzen")
    shown = capsys.readouterr().out
    assert shown.startswith("parzen ")
    assert "sigma split: validation" in shown
    scores = json.loads((run_folder / "manifest.json").read_text())["scores"]
    assert [score["metric"] for score in scores] == ["parzen"]
    assert "Protocol of parzen at step 60" in (run_folder / "report.html").read_text()
    lines = (run_folder / "metrics.jsonl").read_text().splitlines()
    [line] = [json.loads(line) for line in lines if "scores" in line]
    assert (line["step"], line["scores"]["parzen"]) == (60, scores[0]["value"])
    run("evaluate", run_folder, "--metric", "parzen", "--seed", 77)
    scores = json.loads((run_folder / "manifest.json").read_text())["scores"]
    assert [score["protocol"]["seed"] for score in scores] == [1, 77]


def test_an_unknown_metric_is_told_before_anything_is_loaded(tmp_path):
    with pytest.raises(PluginError, match="'parzn' is not among the registered metrics"):
        run("evaluate", tmp_path, "--metric", "parzn")


def test_no_metric_at_all(finished_run):
    with pytest.raises(UsageError, match="names no metrics") as caught:
        run("evaluate", finished_run)
    assert "--metric" in caught.value.hint
    assert "parzen" in caught.value.hint


def test_a_plugins_metric_is_used(run_folder, tmp_path, capsys):
    (tmp_path / "brightness_plugin.py").write_text(
        """
from advnets import Component, hookimpl

@hookimpl
def advnets_metrics():
    return [Component("brightness", "brightness_plugin:brightness")]

def brightness(context):
    from advnets.evaluate import Score
    import tensorflow as tf
    tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
    told = context.protocol(tf32=tf32)
    return [Score("brightness", float(context.generated(10).mean()), None, told)]
"""
    )
    plugin = tmp_path / "brightness_plugin.py"
    run("evaluate", run_folder, "--metric", "brightness", "--plugin", plugin, "--json")
    [score] = json.loads(capsys.readouterr().out)
    assert 0 < score["value"] < 1
    assert score["error"] is None
    assert score["protocol"]["tf32"] is False
    assert tf.config.experimental.tensor_float_32_execution_enabled()  # in training as before


def test_a_metric_is_given_parameters_as_in_a_recipe(run_folder, capsys):
    entries = ["{name: energy_distance, features: pixels, samples: 40}"]
    entries += ["{name: sliced_wasserstein, features: pixels, samples: 30, projections: 5}"]
    run("evaluate", run_folder, "--metric", entries[0], "--metric", entries[1], "--json")
    first, second = json.loads(capsys.readouterr().out)
    assert (first["metric"], first["protocol"]["samples"]) == ("energy_distance", 40)
    assert (second["metric"], second["protocol"]["projections"]) == ("sliced_wasserstein", 5)
    run("evaluate", run_folder, "--metric", entries[0])
    assert "features: name pixels, dimensions 64" in capsys.readouterr().out


def test_a_metrics_wrong_parameter_is_told_with_its_place(run_folder):
    with pytest.raises(RecipeError, match="evaluation.metrics=") as caught:
        run("evaluate", run_folder, "--metric", "{name: fid, feature: pixels}")
    assert "features" in str(caught.value)
    with pytest.raises(RecipeError):
        run("evaluate", run_folder, "--metric", "{name: fid")


def test_features_of_images_must_be_named(run_folder):
    with pytest.raises(DataError, match="choice of features") as caught:
        run("evaluate", run_folder, "--metric", "fid")
    assert "{name: fid, features: classifier}" in caught.value.hint
