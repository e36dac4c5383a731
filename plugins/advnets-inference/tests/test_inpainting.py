"""What is seen stays, what is hidden is painted and measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from advnets_inference.closeness import Closeness
from advnets_inference.inpainting_error import inpainting_error

import advnets
from advnets import RecipeError
from advnets.data import Field
from advnets.evaluate import Data, MetricContext
from advnets.recipe import load_recipe
from advnets.testing import play_of


def painted_game(small: dict[str, Any]) -> dict[str, Any]:
    return {
        **small,
        "encounter": "inpainting",
        "conditions": {"mask": "mask"},
        "given": {"generator": ["mask"], "discriminator": ["mask"]},
        "penalties": [{"name": "closeness", "weight": 2.0}],
    }


def test_closeness_is_the_mean_over_what_is_hidden() -> None:
    x = tf.zeros([2, 2, 2, 2])
    painted = tf.reshape(tf.range(16.0), [2, 2, 2, 2])
    seen = np.ones((2, 2, 2, 1), "float32")
    seen[0, 0, 0] = seen[0, 1, 1] = 0  # channels 0, 1 and 6, 7; nothing of the other is hidden
    play = play_of(
        lambda x: tf.reduce_sum(x, [1, 2, 3]), x, painted, player="generator",
        fields={"mask": tf.concat([x * seen, seen], -1)},
    )  # fmt: skip
    assert Closeness(2.0)(play).numpy().tolist() == [2.0 * (0 + 1 + 6 + 7) / 4, 0.0]
    assert Closeness(2.0).observe(play)["hidden_error"].numpy().tolist() == [3.5, 0.0]


def test_what_is_seen_stays_and_the_run_is_resumed(small: dict[str, Any], tmp_path: Any) -> None:
    recipe = painted_game(small)
    run = advnets.run(recipe, run_dir=tmp_path / "whole")
    samples, told = run.sample(20)
    kept = run.source.load("validation")[:20]
    seen = told["mask"][..., -1:] == 1
    np.testing.assert_array_equal(samples[seen], kept[seen])
    assert [*run.columns(samples, told)] == ["original", "seen", "painted"]
    assert "hidden_error" in run.metrics[-1]
    (score,) = run.evaluate(["inpainting_error"])
    assert score.protocol["examples"] == 180
    assert 0 < score.value < 1
    assert score.protocol["of_another_z"] > 0
    advnets.run(recipe, {"training.steps": 2}, tmp_path / "resumed")
    again = advnets.run(recipe, {}, tmp_path / "resumed")
    assert again.commit.state_sha256 == run.commit.state_sha256


def test_the_error_of_grey_is_known() -> None:
    """Of images of 0.2 that are painted with 0.5, or by the second z with 0.6."""

    def paint(n: int, seed: int, first: int = 0, given: Any = None) -> np.ndarray:
        told = given["mask"]
        grey = np.where(np.arange(n) < n // 2, 0.5, 0.6)[:, None, None, None]
        return (told[..., :1] + (1 - told[..., 1:]) * grey).astype("float32")[first:]

    spec = advnets.data.DataSpec((4, 4, 1), "float32")
    context = MetricContext(
        samples=paint,
        told={"latent": Field((2,), "float32"), "mask": Field((4, 4, 2), "float32")},
        data=Data(
            load=lambda split: np.full((6, 4, 4, 1), 0.2, "float32"), splits=("test",), spec=spec
        ),
    )
    (score,) = inpainting_error(context, kind=["halves", "pixels"])
    np.testing.assert_allclose(score.value, 0.3, atol=1e-6)
    np.testing.assert_allclose(score.protocol["of_another_z"], 0.1, atol=1e-6)
    np.testing.assert_allclose(score.protocol["of_mean"], 0.0, atol=1e-6)


def test_bad_parameters_are_problems_of_the_recipe(small: dict[str, Any]) -> None:
    recipe = painted_game(small)
    recipe["penalties"] = [{"name": "closeness", "weight": -1.0}]
    with pytest.raises(RecipeError, match="weight"):
        load_recipe(recipe)
    recipe = painted_game(small) | {"encounter": {"name": "inpainting", "field": ""}}
    with pytest.raises(RecipeError, match="field"):
        load_recipe(recipe)
