"""A run that keeps an average of its generator's weights."""

import json

import keras
import numpy as np
import pytest

import advnets
from advnets.cli.main import cli
from advnets.errors import RecipeError, UsageError
from advnets.monitor.report.report import write_report

pytestmark = pytest.mark.usefixtures("without_reports")


def command(*words):
    return cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def runs(small, tmp_path_factory):
    """A run with an average, and the same without."""
    steps, folder = {"training.steps": 4}, tmp_path_factory.mktemp("runs")
    return [
        advnets.run(small(**entries), steps, run_dir=folder / name)
        for name, entries in (("averaged", {"averaging": {"decay": 0.5}}), ("plain", {}))
    ]


def test_it_is_another_run_whose_game_is_the_same(runs):
    run, plain = runs
    assert run.manifest["identity"] != plain.manifest["identity"]
    for a, b in zip(run.generator.get_weights(), plain.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    average = run.averaged_generator.get_weights()
    assert not np.array_equal(average[0], run.generator.get_weights()[0])
    assert plain.averaged_generator is None


def test_a_ramp_is_of_the_recipe_and_another_run(small, runs, tmp_path):
    entries = {"averaging": {"decay": 0.5, "warm_up": 0.1}}
    run = advnets.run(small(**entries), {"training.steps": 4}, run_dir=tmp_path / "ramp")
    assert run.manifest["identity"] != runs[0].manifest["identity"]
    advnets.run(small(**entries), {"training.steps": 3}, run_dir=tmp_path / "resumed")
    again = advnets.run(small(**entries), {"training.steps": 4}, run_dir=tmp_path / "resumed")
    assert again.commit.state_sha256 == run.commit.state_sha256
    found, own = run.averaged_generator.get_weights(), runs[0].averaged_generator.get_weights()
    assert not np.array_equal(found[0], own[0])
    (score,) = run.evaluate(["parzen"])
    assert score.protocol["averaging"] == {"decay": 0.5, "every": 1, "warm_up": 0.1}
    left_out = advnets.run(
        small(averaging={"decay": 0.5, "warm_up": None}),
        {"training.steps": 4},
        run_dir=runs[0].path,
    )
    assert left_out.manifest["identity"] == runs[0].manifest["identity"]


@pytest.mark.parametrize("ramp", [0, -0.1, "long"])
def test_a_ramp_out_of_range_is_a_problem_of_the_recipe(small, ramp):
    with pytest.raises(RecipeError, match="averaging.warm_up"):
        advnets.run(small(averaging={"warm_up": ramp}))


def test_samples_are_those_of_the_average(runs):
    run, plain = runs
    assert not np.array_equal(run.sample(3)[0], plain.sample(3)[0])
    np.testing.assert_array_equal(run.sample(3, weights="current")[0], plain.sample(3)[0])


def test_scores_say_of_which_weights_they_are(runs):
    run, plain = runs
    scores = {}
    for weights in ("auto", "averaged", "current"):
        scores[weights] = run.evaluate(["parzen"], weights=weights)[0]
    assert scores["auto"] == scores["averaged"]
    assert scores["averaged"].protocol["averaging"] == {"decay": 0.5, "every": 1}
    assert scores["current"].protocol["averaging"] is None
    (own,) = plain.evaluate(["parzen"])
    assert scores["current"].value == own.value != scores["averaged"].value
    assert scores["current"].protocol["weights_sha256"] == own.protocol["weights_sha256"]


def test_a_run_scores_both_and_keeps_them_apart(small, tmp_path):
    recipe = small(averaging={"decay": 0.5})
    recipe["evaluation"] = {
        "every": 2,
        "metrics": [{"name": "parzen", "samples": 20}],
        "weights": "both",
    }
    run = advnets.run(recipe, {"training.steps": 4}, run_dir=tmp_path)
    kept = {
        (s["protocol"]["step"], bool(s["protocol"]["averaging"])): s for s in run.manifest["scores"]
    }
    assert sorted(kept) == [(2, False), (2, True), (4, False), (4, True)]
    lines = [record for record in run.metrics if "scores" in record]
    seen = {record["step"]: {} for record in lines}
    for record in lines:
        seen[record["step"]] |= record["scores"]
    for step in (2, 4):
        for averaged, name in ((True, "parzen"), (False, "parzen_current")):
            assert seen[step][name] == kept[step, averaged]["value"]
            assert seen[step][f"{name}_error"] == kept[step, averaged]["error"]
    assert seen[4]["parzen"] != seen[4]["parzen_current"]
    report = write_report(run.folder).read_text()
    assert "parzen" in report


def test_weights_that_nobody_keeps_are_a_problem_of_the_recipe(small):
    with pytest.raises(RecipeError, match="no average is kept"):
        advnets.run(small(), {"evaluation.weights": "both"})


def test_commands_take_the_weights_that_are_asked_for(runs, tmp_path):
    run, plain = runs
    made = {}
    for weights in ("auto", "current"):
        out = tmp_path / f"{weights}.keras"
        command("export", run.path, "--format", "keras", "--out", out, "--weights", weights)
        about = json.loads(out.with_name(f"{out.name}.json").read_text())
        assert about["averaged"] == (weights == "auto")
        made[weights] = keras.models.load_model(out).get_weights()
    np.testing.assert_array_equal(made["current"][0], run.generator.get_weights()[0])
    np.testing.assert_array_equal(made["auto"][0], run.averaged_generator.get_weights()[0])
    with pytest.raises(UsageError, match="keeps no averages"):
        command("sample", plain.path, "--out", tmp_path / "x.npz", "--weights", "averaged")
