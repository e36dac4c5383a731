"""Runs compared by their scores: who is ranked with whom, and who is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advnets.compare import choose_score, compare, diff_settings, read_run, settings
from advnets.errors import RunError, UsageError
from advnets.evaluate import MetricContext, Score, Weights
from advnets.recipe import write_yaml

Make = Callable[..., Path]

RECIPE: dict[str, Any] = {
    "name": "toy",
    "seed": 1,
    "dataset": {"name": "digits"},
    "loss": {"name": "minimax"},
    "training": {"steps": 100, "batch_size": 10},
}


def score(value: Any, step: int = 100, metric: str = "fid", **protocol: Any) -> dict[str, Any]:
    told = {"samples": 10000, "seed": 1, "better": "lower", "weights_sha256": f"{value}"}
    return {
        "metric": metric,
        "value": value,
        "error": 0.5,
        "protocol": told | {"step": step} | protocol,
    }


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a run folder as others might hand one over."""

    def made(name: str, scores: list[Any], manifest: Any = None, **recipe: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "recipe.yaml").write_text(write_yaml(RECIPE | recipe), encoding="utf-8")
        content = {"name": "toy", "scores": scores} if manifest is None else manifest
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        return folder

    return made


HINGE = {"loss": {"name": "hinge"}}


def compared(*folders: Path, **how: Any) -> Any:
    return compare([read_run(folder) for folder in folders], **how)


def test_seeds_of_one_recipe_are_one_row(make: Make) -> None:
    folders = [
        make("a1", [score(4.0)], seed=1),
        make("a2", [score(6.0, seed=2)], seed=2),
        make("b1", [score(1.0)], seed=1, **HINGE),
        make("b2", [score(3.0, seed=2)], seed=2, **HINGE),
    ]
    (found,), left_out = compared(*folders)
    assert left_out == []
    assert (found.metric, found.at, found.better) == ("fid", "step 100", "lower")
    assert [(row.mean, row.n) for row in found.rows] == [(2.0, 2), (5.0, 2)]
    # standard deviation √2 of each, over √2
    assert [row.error for row in found.rows] == pytest.approx([1.0, 1.0])
    assert [row.own_error for row in found.rows] == pytest.approx([0.5, 0.5])
    assert found.rows[1].differs == ['loss.name: "hinge" → "minimax"']
    (pair,) = found.pairs
    assert pair.difference == -3.0
    assert pair.permutation == pytest.approx(2 / 6)  # 1, 3 | 4, 6 and its mirror, of 6
    assert pair.welch is not None
    assert pair.verdict == "not shown to differ"


def test_higher_is_better_where_the_score_says_so(make: Make) -> None:
    folders = [
        make("a", [score(4.0, better="higher")]),
        make("b", [score(9.0, better="higher")], **HINGE),
    ]
    assert [row.mean for row in compared(*folders)[0][0].rows] == [9.0, 4.0]


def test_other_settings_are_refused_and_named(make: Make) -> None:
    features = {"name": "classifier", "weights_sha256": "aa", "accuracy": 0.99}
    first = make("a", [score(1.0, features=features)])
    second = make(
        "b", [score(2.0, samples=2500, features=features | {"weights_sha256": "bb"})], **HINGE
    )
    with pytest.raises(UsageError) as error:
        compared(first, second)
    assert "samples: 10000 vs 2500" in str(error.value)
    assert 'features.weights_sha256: "aa" vs "bb"' in str(error.value)
    assert "accuracy" not in str(error.value)


def test_outcomes_and_what_tells_samples_apart_may_differ(make: Make) -> None:
    told = {"outcomes": ["sigma", "features.seconds"]}
    first = score(1.0, sigma=0.1, features={"seconds": 1}, interval=[0, 2], seed=1, **told)
    second = score(2.0, sigma=0.2, features={"seconds": 5}, interval=[1, 3], seed=9, **told)
    (found,), _ = compared(make("a", [first]), make("b", [second], **HINGE))
    assert found.settings == {"samples": 10000}


def test_a_metric_marks_its_outcomes_through_the_context() -> None:
    context = MetricContext(weights=Weights(step=5), seed=3)
    protocol = context.protocol(better="higher", outcomes=("sigma",), sigma=0.2, samples=7)
    written = Score("mine", 1.0, None, protocol).to_dict()["protocol"]
    assert settings("mine", written) == {"samples": 7}
    assert written["better"] == "higher"


def test_scores_of_before_protocols_named_their_outcomes(make: Make) -> None:
    old: dict[str, Any] = {"better": None, "metric": "parzen"}
    first = score(1.0, sigma=0.1, sigma_curve=[1, 2], sigma_at_edge=False, **old)
    second = score(2.0, sigma=0.2, sigma_curve=[3, 4], sigma_at_edge=False, **old)
    for each in (first, second):
        del each["protocol"]["better"]
    (found,), _ = compared(make("a", [first]), make("b", [second], **HINGE))
    assert found.better == "higher"
    assert [row.mean for row in found.rows] == [2.0, 1.0]


def test_the_last_common_step_counts_unless_asked_otherwise(make: Make) -> None:
    first = make("a", [score(9.0, 50), score(5.0, 100), score(7.0, 150)])
    second = make("b", [score(8.0, 50), score(6.0, 100)], **HINGE)
    values = {
        at: sorted(row.mean for row in compared(first, second, at=at)[0][0].rows)
        for at in ("common", "last", "best", "50")
    }
    assert values == {"common": [5, 6], "last": [6, 7], "best": [5, 6], "50": [8, 9]}
    with pytest.raises(UsageError, match="has no 'fid' at step 150; it has: 50, 100"):
        compared(first, second, at="150")


def test_no_common_step(make: Make) -> None:
    with pytest.raises(UsageError, match="at no step that all runs share"):
        compared(make("a", [score(1.0, 50)]), make("b", [score(1.0, 60)], **HINGE))


def test_the_draw_of_the_recipes_seed_counts(make: Make) -> None:
    many = [score(1.0, seed=5), score(2.0, seed=1), score(3.0, seed=6)]
    (found,), _ = compared(make("a", many), make("b", [score(9.0, seed=1)], **HINGE))
    assert found.rows[0].mean == 2.0


def test_averaged_weights_count_where_both_were_scored(make: Make) -> None:
    both = [score(1.0, averaging={"decay": 0.9}), score(2.0)]
    (found,), _ = compared(make("a", both), make("b", [score(9.0)], **HINGE))
    assert found.rows[0].mean == 1.0


@pytest.mark.parametrize(("weights", "mean"), [("auto", 1.0), ("averaged", 1.0), ("current", 2.0)])
def test_the_weights_that_are_asked_for(make: Make, weights: str, mean: float) -> None:
    both = [score(1.0, averaging={"decay": 0.9}), score(2.0)]
    runs = [read_run(make(name, both, **more), weights) for name, more in (("a", {}), ("b", HINGE))]
    (found,), _ = compare(runs)
    assert found.rows[0].mean == mean


def test_which_score_counts() -> None:
    draws = [score(1.0, seed=5, averaging={"decay": 0.9}), score(2.0), score(3.0)]
    assert choose_score(draws, 1)["value"] == 3.0
    assert choose_score([*draws, score(4.0, averaging={"decay": 0.9})], 1)["value"] == 4.0
    with pytest.raises(UsageError, match=r"several ways.*\n  samples: 10000 vs 50"):
        choose_score([score(1.0), score(2.0, samples=50)], 1, "here")
    both = [score(1.0, averaging={"decay": 0.9}), score(2.0, samples=50)]
    assert choose_score(both, 1)["value"] == 1.0  # no two of them are averaged


def test_one_seed_each_states_no_significance(make: Make) -> None:
    (found,), _ = compared(make("a", [score(1.0)]), make("b", [score(2.0)], **HINGE))
    (pair,) = found.pairs
    assert [row.error for row in found.rows] == [None, None]
    assert (pair.welch, pair.permutation) == (None, None)
    assert pair.verdict == "no significance can be stated"


def test_the_same_seed_counts_once(make: Make) -> None:
    folders = [
        make("a", [score(1.0)]),
        make("again", [score(1.0)]),
        make("b", [score(2.0)], **HINGE),
    ]
    (found,), left_out = compared(*folders)
    assert [row.n for row in found.rows] == [1, 1]
    assert left_out == [
        f"{folders[1]}: the same recipe and seed as {folders[0]}, which counts once"
    ]
    with pytest.raises(UsageError, match="two different runs"):
        compared(folders[0], folders[0])


def test_a_metric_that_one_run_lacks(make: Make) -> None:
    first = make("a", [score(1.0), score(1.0, metric="kid")])
    second = make("b", [score(2.0)], **HINGE)
    found, left_out = compared(first, second)
    assert [each.metric for each in found] == ["fid"]
    assert left_out == [f"kid: {second} has no score 'kid'; it has: fid"]
    with pytest.raises(UsageError, match="has no score 'kid'"):
        compared(first, second, metrics=["kid"])


def test_runs_without_a_score_are_left_out_where_two_are_left(make: Make) -> None:
    first, second = make("a", [score(1.0)]), make("b", [score(2.0)], **HINGE)
    third = make("c", [score(3.0, metric="kid")], seed=5)
    fourth = make("d", [], seed=6)
    (found,), left_out = compared(first, second, third, fourth, metrics=["fid"])
    assert [row.mean for row in found.rows] == [1.0, 2.0]
    assert left_out == [f"{path}: it has no score 'fid'" for path in (third, fourth)]


def test_two_ways_of_measuring_are_two_tables(make: Make) -> None:
    both = [score(1.0), score(5.0, samples=50)]
    found, _ = compared(make("a", both), make("b", both, **HINGE))
    assert sorted(each.settings["samples"] for each in found) == [50, 10000]


def test_scores_without_a_direction(make: Make) -> None:
    folders = [
        make("a", [score(1.0, better="sideways")]),
        make("b", [score(2.0, better=3)], **HINGE),
    ]
    assert compared(*folders)[0][0].better is None
    assert compared(*folders, better="lower")[0][0].rows[0].mean == 1.0
    with pytest.raises(UsageError, match="does not say whether"):
        compared(*folders, at="best")


HOSTILE = {
    "no JSON": "{",
    "no object": "[1]",
    "deep": "[" * 5000,
    "a score that is none": {"scores": [3]},
    "a step that is text": {"scores": [score(1.0, step="x")]},  # type: ignore[arg-type]
    "a value that is text": {"scores": [score("1")]},
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_damaged_manifest_is_told_as_such(make: Make, content: Any) -> None:
    with pytest.raises(RunError, match="the manifest is damaged"):
        read_run(make("a", [], content))


def test_what_strangers_write_into_protocols_is_bounded(make: Make) -> None:
    odd = {"outcomes": {"x": 1}, "samples": "\x1b[31m" * 1000, **{f"k{i}": i for i in range(900)}}
    first = make("a", [score(1e308, **odd), score(None), score(2, metric="x" * 500)])
    second = make("b", [score(-1e308, outcomes=[["x"], 3])], **HINGE)
    with pytest.raises(UsageError) as error:
        compared(first, second, metrics=["fid"])
    assert len(str(error.value)) < 2500
    third = make("c", [score(-1e308, **odd)], **HINGE)
    (found,), _ = compared(first, third, metrics=["fid"])
    json.dumps(found.to_dict(), allow_nan=False)


def test_differing_bounds_what_it_shows() -> None:
    (line,) = diff_settings({"a": "x" * 10_000}, {"a": 1})
    assert len(line) < 100
    assert diff_settings({"a": True}, {"a": 1}) == ["a: true vs 1"]
