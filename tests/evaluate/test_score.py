"""Scores: their text, their JSON, and how a manifest collects them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from advnets.compare import diff_settings, settings
from advnets.data.sources import Ring
from advnets.data.sources.digits import Digits
from advnets.errors import DataError, PluginError
from advnets.evaluate import Data, MetricContext, Score, append_scores
from advnets.evaluate.metrics.energy_distance import energy_distance
from advnets.evaluate.metrics.parzen import parzen
from advnets.evaluate.score import check_scores


def test_a_score_survives_json():
    score = Score("parzen", np.float32(1.5), 0.25, {"grid": np.array([1, 2]), "n": np.int64(3)})
    text = json.dumps(score.to_dict(), allow_nan=False)
    again = Score.from_dict(json.loads(text))
    assert (again.value, again.error) == (1.5, 0.25)
    assert again.protocol == {"grid": [1, 2], "n": 3}


def test_a_score_that_is_not_finite_stays_valid_json():
    written = Score("m", math.nan, math.inf).to_dict()
    assert (written["value"], written["error"]) == (None, None)
    assert math.isnan(Score.from_dict(written).value)


def test_text():
    assert str(Score("modes", 7.0)) == "modes 7"
    assert str(Score("parzen", 134.1234, 1.678)) == "parzen 134.12 ± 1.7"


def test_measuring_again_replaces_and_another_step_adds():
    one = append_scores([], [Score("m", 1.0, None, {"step": 1})])
    again = append_scores(one, [Score("m", 1.5, None, {"step": 1})])
    assert [entry["value"] for entry in again] == [1.5]
    more = append_scores(again, [Score("m", 2.0, None, {"step": 2}), Score("k", 0, None, {})])
    assert [(e["metric"], e["value"]) for e in more] == [("m", 1.5), ("m", 2.0), ("k", 0.0)]


def test_a_metric_may_return_one_score_or_several():
    score = Score("m", 1.0)
    assert check_scores("m", score) == [score]
    assert check_scores("m", (score, score)) == [score, score]
    with pytest.raises(PluginError, match="metric 'm' returned dict"):
        check_scores("m", {"m": 1.0})


def test_the_context_draws_with_its_seed():
    asked = []

    def samples(n, seed):
        asked.append((n, seed))
        return np.zeros((n, 2), np.float32)

    data = Data(load=lambda split: np.zeros((0, 2)), splits=("train",))
    context = MetricContext(samples=samples, data=data, seed=9)
    assert context.generated(4).shape == (4, 2)
    assert asked == [(4, 9)]
    with pytest.raises(DataError, match="'train' split is empty"):
        context.examples("train")


def protocol_of(metric, source, **parameters):
    """Of samples that are zeros."""
    context = MetricContext(
        samples=lambda n, seed, first=0: np.zeros((n - first, *source.spec.shape), np.float32),
        data=Data.of(source),
    )
    first, *_ = metric(context, **parameters)
    return settings(first.metric, first.to_dict()["protocol"])


def test_scores_in_other_ranges_and_of_other_data_were_not_measured_alike():
    few = {"samples": 20}
    unit, symmetric = (
        protocol_of(parzen, Digits(preprocess=name), **few) for name in ("unit", "symmetric")
    )
    assert diff_settings(unit, symmetric) == ['preprocess: "unit" vs "symmetric"']
    assert diff_settings(unit, protocol_of(parzen, Digits(preprocess="unit"), **few)) == []
    pixels = few | {"features": "pixels"}
    near, far = (
        protocol_of(energy_distance, Ring(radius=radius, examples=50, held_out=50), **few)
        for radius in (1.0, 3.0)
    )
    (line,) = diff_settings(near, far)
    assert line.startswith("data_sha256.test: ")
    unit, symmetric = (
        protocol_of(energy_distance, Digits(preprocess=name), **pixels)
        for name in ("unit", "symmetric")
    )
    assert diff_settings(unit, symmetric) == ['features.preprocess: "unit" vs "symmetric"']
