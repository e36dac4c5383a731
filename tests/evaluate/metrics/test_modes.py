"""Mode counts against known answers: the data's own modes, one mode, noise, and stacked digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advnets.data.sources import Grid, Ring
from advnets.data.sources.digits import Digits
from advnets.errors import DataError
from advnets.evaluate import Data, FeatureExtractor, MetricContext
from advnets.evaluate.metrics.modes import kl_from_uniform, modes


def context(source, draw, **more):
    return MetricContext(
        samples=lambda n, seed, first=0: np.asarray(
            draw(n, np.random.default_rng(seed)), np.float32
        )[first:],
        data=Data(load=source.load, splits=source.splits, spec=source.spec, source=source),
        **more,
    )


def by_name(scores):
    return {score.metric: score for score in scores}


@pytest.mark.parametrize(("source", "count"), [(Ring(), 8), (Grid(), 25)], ids=["ring", "grid"])
def test_the_data_themselves_find_every_mode(source, count):
    n = 10_000
    scores = by_name(modes(context(source, lambda n, draw: source.load("test")[:n]), samples=n))
    assert scores["modes"].value == count
    # Of a Gaussian in the plane, 1 - exp(-9/2) lies within three deviations.
    good, exact = scores["high_quality"], 1 - math.exp(-4.5)
    assert good.value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / n))
    assert good.error == pytest.approx(math.sqrt(exact * (1 - exact) / n), rel=0.1)
    low, high = good.protocol["interval"]
    assert low < exact < high
    kl = scores["reverse_kl"]
    assert kl.value == pytest.approx(kl.protocol["kl_of_uniform"], rel=1.0)
    assert kl.protocol["kl_of_uniform"] == (count - 1) / (2 * n)


def test_the_definitions_by_hand():
    """Four samples at radii of 0, 2.9, 3.1 and 100 deviations from modes 0, 0, 1 and 2."""
    source = Ring(modes=4, radius=10.0, deviation=1.0, examples=10, held_out=10)
    points = np.array([[10, 0], [12.9, 0], [0, 13.1], [-110, 0]])
    scores = by_name(modes(context(source, lambda n, draw: points[:n]), samples=4))
    assert scores["modes"].value == 1
    assert scores["high_quality"].value == 0.5
    q = np.array([0.5, 0.25, 0.25])
    assert scores["reverse_kl"].value == pytest.approx(float(np.sum(q * np.log(4 * q))))
    assert scores["modes"].protocol["captured_by"] == "at least one sample of high quality"
    assert scores["reverse_kl"].protocol["direction"].startswith("KL(histogram")
    assert scores["modes"].protocol["samples"] == 4


def test_a_collapsed_generator():
    source = Ring()
    one = by_name(modes(context(source, lambda n, draw: np.tile(source.modes()[3], (n, 1)))))
    assert one["modes"].value == 1
    assert one["high_quality"].value == 1
    assert one["reverse_kl"].value == pytest.approx(math.log(8))
    assert one["modes"].protocol["samples"] == 2_500
    lost = by_name(modes(context(source, lambda n, draw: draw.uniform(5, 6, (n, 2)))))
    assert lost["modes"].value == lost["high_quality"].value == 0


def test_modes_are_looked_for_in_the_data_s_own_range():
    class Scaled(Ring):
        """A ring with a range, which preprocessing brings to [-1, 1]."""

        @property
        def spec(self):
            from advnets.data import DataSpec, Field

            label = Field((), "int64", classes=8)
            return DataSpec((2,), "float32", -4, 4, fields={"label": label})

    source = Scaled(preprocess="symmetric")
    draw = lambda n, _: source.modes()[np.arange(n) % 8] / 4  # noqa: E731
    scores = by_name(modes(context(source, draw), samples=80))
    assert scores["modes"].value == 8
    assert scores["high_quality"].value == 1


def test_the_interval_is_that_of_another_draw():
    """A mode seen once is missed by another draw in 0.37 of all cases."""
    source = Ring(modes=2, radius=10.0, deviation=1.0)
    points = np.concatenate([np.tile([[10.0, 0.0]], (99, 1)), [[-10.0, 0.0]]])
    score = by_name(modes(context(source, lambda n, _: points), samples=100))["modes"]
    assert score.value == 2
    low, high = score.protocol["interval"]
    assert low < 2 - math.exp(-1) < high == 2
    assert score.error > 0


def test_modes_that_were_not_seen_are_in_the_interval():
    """Of a generator that no sample of seven modes came from, 2.5 may be expected at most."""
    source = Ring()
    points = np.tile(source.modes()[3], (60, 1))
    score = by_name(modes(context(source, lambda n, _: points), samples=60))["modes"]
    low, high = score.protocol["interval"]
    assert (score.value, low) == (1, 1)
    assert high == pytest.approx(1 + 7 * 1.96**2 / (7 + 1.96**2), abs=1e-3)
    assert score.error > 0


def test_kl_against_the_sum_over_all_modes():
    counts = np.array([1, 2, 3, 4])
    q = counts / 10
    assert kl_from_uniform(counts) == pytest.approx(float(np.sum(q * np.log(q / 0.25))))


class ByBrightness(FeatureExtractor):
    """Four classes: quarters of the mean brightness."""

    def __call__(self, examples):
        return examples.reshape(len(examples), -1).mean(axis=1, keepdims=True)

    def probabilities(self, examples):
        return np.eye(4)[np.minimum((self(examples)[:, 0] * 4).astype(int), 3)]

    def describe(self):
        return {"dimensions": 1, "accuracy": 1.0}


def test_classes_are_modes_where_none_are_known():
    extractor = ByBrightness()

    def extract(what, wanted, examples):
        assert wanted == "classifier"
        return extractor.describe() if examples is None else extractor.probabilities(examples)

    source = Digits()
    levels = np.array([0.1, 0.1, 0.4, 0.9])
    images = np.tile(levels[:, None, None, None], (250, 8, 8, 1))
    scores = by_name(modes(context(source, lambda n, _: images, extract=extract), samples=1000))
    assert scores.keys() == {"modes", "reverse_kl", "smallest_share"}
    assert scores["modes"].value == 3
    q = np.array([0.5, 0.25, 0.25])
    assert scores["reverse_kl"].value == pytest.approx(float(np.sum(q * np.log(4 * q))))
    told = scores["modes"].protocol
    assert told["features"] == {"name": "classifier", "dimensions": 1, "accuracy": 1.0}
    assert told["assigned_by"] == "the most probable class"


def test_modes_of_unknown_width():
    class Widthless(Digits):
        def modes(self):
            return np.zeros((1, 64))

    with pytest.raises(DataError, match="not how wide they are"):
        modes(context(Widthless(), lambda n, draw: np.zeros((n, 8, 8, 1))), samples=3)
