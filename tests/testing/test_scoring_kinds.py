"""Checks of metrics and features find what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest

from advnets.data import DataUnavailable
from advnets.errors import UsageError
from advnets.evaluate import FeatureContext, FeatureExtractor, MetricContext, Score
from advnets.testing import (
    ConformanceError,
    check_features,
    check_metric,
)

Failure = Callable[..., str]


def distance(context: MetricContext) -> list[Score]:
    """A right one."""
    gap = float(abs(context.generated(100).mean() - context.examples("test").mean()))
    return [Score("distance", gap, 0.0, context.protocol(samples=100))]


def bare(context: MetricContext) -> Any:
    return 3.0


def silent(context: MetricContext) -> list[Score]:
    return [Score("silent", 1.0)]


def moody(context: MetricContext) -> list[Score]:
    return [Score("moody", float(np.random.default_rng().random()), None, context.protocol())]


def findings_as_settings(context: MetricContext) -> list[Score]:
    mean = float(context.generated(5).mean())
    return [Score("mean", mean, None, context.protocol(widest=mean))]


def from_the_mean(part: np.ndarray) -> np.ndarray:
    return (part - part.mean(axis=0)).reshape(len(part), -1).sum(axis=1) ** 2


def gregarious(context: MetricContext) -> list[Score]:
    """Compares with the mean of whatever examples happen to be computed together."""
    values = context.per_example(from_the_mean, context.examples("test"))
    return [Score("gregarious", float(values.mean()), None, context.protocol())]


class Means(FeatureExtractor):
    """A right one."""

    name = "means"

    def __init__(self, context: FeatureContext):
        self.size = int(np.prod(context.source.spec.shape))

    def __call__(self, examples):
        return examples.reshape(len(examples), -1).mean(axis=1, keepdims=True).astype("float64")

    def describe(self):
        return {"dimensions": 1}


class Wordy(Means):
    def describe(self):
        return {"dimensions": 2, "of": np.zeros(2)}


class Miscounting(Means):
    def describe(self):
        return {"dimensions": 2}


class Sociable(Means):
    def __call__(self, examples):
        return super().__call__(examples) - examples.mean()


class Fickle(Means):
    def __init__(self, context):
        self.shift = np.random.default_rng().random()

    def __call__(self, examples):
        return super().__call__(examples) + self.shift


class Overflowing(Means):
    def __call__(self, examples):
        return super().__call__(examples) * np.inf


class Sure(Means):
    def probabilities(self, examples):
        return np.ones((len(examples), 2))


class Spoiling(Means):
    def __call__(self, examples):
        examples *= 2
        return super().__call__(examples)


class Choosy(Means):
    def __init__(self, context):
        raise UsageError("nothing will do")


class Hinted(Means):
    def __init__(self, context):
        raise DataUnavailable("the dog ate the weights", hint="buy new ones")


class Unhinted(Means):
    def __init__(self, context):
        raise DataUnavailable("the dog ate them")


@pytest.mark.parametrize(("check", "what"), [(check_metric, distance), (check_features, Means)])
def test_a_right_one_passes(check: Callable[..., None], what: Any) -> None:
    check(what)


@pytest.mark.parametrize(
    ("kind", "what", "name", "message"),
    [
        ("metrics", bare, "returns_scores", "it returned 3.0"),
        ("metrics", silent, "says_how_it_measured", "lacks seed, weights_sha256"),
        ("metrics", moody, "measures_the_same_twice", "moody .*, then moody"),
        ("metrics", findings_as_settings, "tells_settings_from_outcomes", "widest: .* vs "),
        ("metrics", gregarious, "does_not_depend_on_who_computes", "where three devices"),
        ("features", Miscounting, "describes_itself", "has 1 features, .* dimensions: 2"),
        ("features", Wordy, "describes_itself", "no JSON"),
        ("features", Sociable, "treats_examples_one_by_one", "others are computed beside it"),
        ("features", Fickle, "is_the_same_made_again", "made again it gives other features"),
        ("features", Overflowing, "gives_features", "not finite"),
        ("features", Spoiling, "gives_features", "it changed the examples"),
        ("features", Sure, "gives_probabilities", "adds up to 2"),
        ("features", Choosy, "gives_features", "refuses data of shape .* nothing will do"),
        ("features", Unhinted, "gives_features", "no hint says what to do"),
        ("features", str, "gives_features", "not an advnets.evaluate.FeatureExtractor"),
    ],
)
def test_finds(kind: str, what: Any, name: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure(kind, what, name))


def test_features_whose_weights_are_not_there_are_skipped(failure: Failure) -> None:
    with pytest.raises(SkipTest, match="the dog ate the weights"):
        failure("features", Hinted, "gives_features")


class RowMeans(FeatureExtractor):
    """Of images of five rows alone, and it does not say so when it is made."""

    name = "row_means"

    def __init__(self, context: FeatureContext):
        pass

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        return examples.reshape(len(examples), 5, -1).mean(axis=2, dtype=np.float64)

    def describe(self) -> dict[str, Any]:
        return {"dimensions": 5}


def row_mean(context: MetricContext) -> list[Score]:
    rows = context.examples("test").reshape(-1, 5, 3)
    return [Score("row_mean", float(rows.mean()), None, context.protocol())]


@pytest.mark.parametrize(("check", "what"), [(check_features, RowMeans), (check_metric, row_mean)])
def test_the_example_says_the_shape(check: Any, what: Any) -> None:
    check(what, example={"shape": (5, 3, 1)})
    with pytest.raises(ConformanceError, match="cannot reshape array"):
        check(what)
