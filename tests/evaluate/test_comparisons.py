"""The metrics that compare samples with real examples: protocols, choices, refusals."""

from __future__ import annotations

import importlib
import json
from functools import partial

import numpy as np
import pytest
from pydantic import ValidationError

from advnets.builtin.metrics import advnets_metrics
from advnets.data import DataSpec
from advnets.errors import DataError, UsageError
from advnets.evaluate import Data, MetricContext, Weights
from advnets.evaluate.estimators.discrepancy import discrepancy
from advnets.evaluate.estimators.moments import moments_of
from advnets.evaluate.per_example import import_function, importable_name, per_example

COMPONENTS = {component.name: component for component in advnets_metrics()}
OTHERS = {"duplicates", "inception_score", "memorisation", "modes", "parzen"}
"""Metrics that compare nothing in features, or in a way of their own; tested elsewhere."""
SMALL = {
    "kid": {"subsets": 3, "subset_size": 20},
    "sliced_wasserstein": {"projections": 10},
    "classifier_two_sample": {"classifier": "knn"},
}
COMPARED = sorted(COMPONENTS.keys() - OTHERS)
SCORES = {"kid": ["kid", "kid_subsets"], "prdc": ["precision", "recall", "density", "coverage"]}
BOUNDED = {"precision", "recall", "density", "coverage"}


def context(shape=(2,), shift=0.0, splits=("train", "test"), spread=None, **more):
    def noise(n, seed, first=0):
        drawn = np.random.default_rng(seed).normal(shift, 1.0, size=(n, *shape))
        return drawn[first:].astype("float32")

    def data(split):
        return np.random.default_rng(99).normal(size=(80, *shape)).astype("float32")

    kind = "image" if len(shape) == 3 else "vector"
    more |= {} if spread is None else {"spread": spread}
    return MetricContext(
        samples=noise,
        data=Data(load=data, splits=splits, spec=DataSpec(shape, "float32", None, None, kind)),
        seed=3,
        weights=Weights(step=9, sha256="abc"),
        **more,
    )


def score(name, given, **parameters):
    component = COMPONENTS[name]
    resolved = component.resolve({"samples": 70} | SMALL.get(name, {}) | parameters).model_dump()
    module, _, attribute = component.target.partition(":")
    return getattr(importlib.import_module(module), attribute)(given, **resolved)


@pytest.mark.parametrize("name", COMPARED)
def test_the_protocol_says_how_it_was_measured(name):
    scores = score(name, context(shift=0.5), examples=60)
    assert [s.metric for s in scores] == SCORES.get(name, [name])
    for found in scores:
        protocol = found.to_dict()["protocol"]
        expected = {"seed": 3, "step": 9, "weights_sha256": "abc", "samples": 70, "examples": 60}
        expected |= {"split": "test", "precision": "float64", "dimensions": 2}
        assert {key: protocol[key] for key in expected} == expected
        assert protocol["features"] == {"name": "pixels", "dimensions": 2}
        assert protocol["better"] == ("higher" if found.metric in BOUNDED else "lower")
        assert protocol["interval_level"] == 0.95
        low, high = protocol["interval"]
        assert low <= found.value <= high
        assert found.error > 0
        assert protocol["error"]
        assert set(protocol.get("outcomes", ())) <= set(protocol)


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_better_generator_scores_better(name):
    good, bad = score(name, context()), score(name, context(shift=2.0))
    for one, other in zip(good, bad, strict=True):
        if one.metric in BOUNDED:
            assert one.value > other.value
        else:
            assert one.value < other.value


@pytest.mark.parametrize("name", COMPARED)
def test_features_of_images_must_be_named(name):
    with pytest.raises(DataError, match="choice of features in which to compare images") as caught:
        score(name, context((4, 4, 1)))
    assert "{name: fid, features: classifier}" in caught.value.hint
    for found in score(name, context((4, 4, 1)), features="pixels"):
        assert found.protocol["dimensions"] == 16


def test_what_is_not_there_is_refused():
    with pytest.raises(DataError, match="no 'validation' split"):
        score("fid", context(), split="validation")
    with pytest.raises(DataError, match="81 examples were requested; the 'train' split has 80"):
        score("fid", context(), split="train", examples=81)
    with pytest.raises(UsageError, match="'pixles' is not among"):
        score("fid", context(), features="pixles")
    with pytest.raises(UsageError, match="'pixels' have no classes"):
        score("inception_score", context(), features="pixels")
    with pytest.raises(DataError, match="70 samples cannot be divided into 71"):
        score("inception_score", context(), splits=71)
    with pytest.raises(ValidationError):
        score("mmd", context(), bandwidths=[0.0])


def test_real_examples_are_the_first_in_order():
    given = context()
    real, fake = given.examples("test")[:50], given.generated(40)
    (found,) = score("energy_distance", given, samples=40, examples=50)
    assert found.value == discrepancy(*map(np.float64, (real, fake)), "negative_distance").value


def test_kid_without_subsets_and_with_too_few_for_one():
    assert [s.metric for s in score("kid", context(), subsets=0)] == ["kid"]
    assert [s.metric for s in score("kid", context(), subset_size=71)] == ["kid"]
    whole, subsets = score("kid", context(), subsets=200, subset_size=60)
    assert subsets.error > whole.error
    assert subsets.value == pytest.approx(whole.value, abs=3 * subsets.protocol["subsets_std"])


def test_a_bad_generator_does_not_choose_its_own_bandwidth():
    near, far = score("mmd", context())[0], score("mmd", context(shift=1000.0))[0]
    assert near.protocol["bandwidths"] == far.protocol["bandwidths"]
    # Two samples that no kernel connects: the mean kernel within each, 0 between.
    assert far.value > 0.5
    (given,) = score("mmd", context(), bandwidths=[1.0, 2.0])
    assert given.protocol["bandwidths"] == [1.0, 2.0]
    assert given.protocol["bandwidths_from"] == "given"


def test_fid_says_where_examples_do_not_fill_the_dimensions():
    assert "note" not in score("fid", context())[0].protocol
    (found,) = score("fid", context((10, 10, 1)), features="pixels")
    assert "do not fill 100 dimensions" in found.protocol["note"]


def test_a_moment_is_taken_in_float64():
    """Of float32 examples far from 0, whose variance float32 would lose."""
    x = (np.random.default_rng(0).normal(size=(200, 2)) + 4000).astype("float32")
    expected = np.cov(x.astype(float), rowvar=False)
    np.testing.assert_allclose(moments_of(x).covariance, expected, rtol=1e-10)


@pytest.mark.parametrize("name", COMPARED)
def test_other_workers_can_be_told_what_to_compute(name):
    """Functions that are found by their names, arrays, and JSON values."""
    asked = []

    def spread(function, examples, *others, at_once=500):
        if isinstance(function, partial):  # features, which workers find by their name
            return per_example(function, examples, at_once=at_once)
        assert import_function(*importable_name(function)) is function
        for other in others:
            assert isinstance(other, np.ndarray) or json.loads(json.dumps(other)) == other
        asked.append(function)
        return per_example(function, examples, *others, at_once=min(at_once, 7))

    alone, shared = score(name, context()), score(name, context(spread=spread))
    for one, other in zip(alone, shared, strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-9, abs=1e-12)
        assert other.error == pytest.approx(one.error, rel=1e-6)
    assert bool(asked) == (name not in ("fid", "classifier_two_sample"))


def test_the_inception_score_comes_in_three_forms():
    p = np.random.default_rng(5).dirichlet([0.3] * 4, size=70)

    def extract(what, wanted, examples):
        return {"dimensions": 4, "accuracy": 0.9} if examples is None else p.copy()

    scores = score("inception_score", context(extract=extract), splits=1, resamples=30)
    names = ["inception_score", "log_inception_score", "modified_inception_score"]
    assert [found.metric for found in scores] == names
    assert scores[0].value == pytest.approx(np.exp(scores[1].value))
    assert scores[2].value > scores[1].value  # small probabilities weigh more
    for found in scores:
        protocol = found.to_dict()["protocol"]
        assert protocol["features"] == {"name": "classifier", "dimensions": 4, "accuracy": 0.9}
        expected = {"resamples": 30, "classes": 4, "samples": 70, "better": "higher"}
        assert {key: protocol[key] for key in expected} == expected
        assert protocol["interval"][0] < found.value < protocol["interval"][1]
