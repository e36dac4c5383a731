"""The classifier two-sample test: at chance, at certainty, and blind where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from advnets.errors import DataError
from advnets.evaluate.metrics.classifier_two_sample import held_out_hits

CLASSIFIERS = ("mlp", "knn", "logistic")


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_at_chance_where_there_is_no_difference(classifier):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(400, 2)), draw.normal(size=(400, 2))
    hits, trials, learnt = held_out_hits(x, y, classifier, seed=1)
    assert trials == learnt == 400
    assert binom.ppf(0.001, 400, 0.5) <= hits <= binom.ppf(0.999, 400, 0.5)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_certain_where_they_lie_apart(classifier):
    draw = np.random.default_rng(1)
    hits, trials, _ = held_out_hits(
        draw.normal(size=(200, 2)), draw.normal(20.0, 1.0, size=(250, 2)), classifier
    )
    assert hits == trials == 200


@pytest.mark.parametrize("classifier", ["mlp", "knn"])
def test_sees_a_difference_of_shape_which_a_linear_one_does_not(classifier):
    draw = np.random.default_rng(2)
    angle = draw.uniform(0, 2 * np.pi, 400)
    ring, blob = np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.2 * draw.normal(size=(400, 2))
    assert held_out_hits(ring, blob, classifier)[0] > 380
    assert held_out_hits(ring, blob, "logistic")[0] < 280


def test_scales_of_features_do_not_matter():
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(60, 3)), draw.normal(0.5, 1.0, size=(60, 3))
    scale = np.array([1e-6, 1.0, 1e6])
    assert held_out_hits(x, y, "knn") == held_out_hits(x * scale, y * scale, "knn")


def test_too_few_are_refused():
    with pytest.raises(DataError, match="3 examples"):
        held_out_hits(np.zeros((3, 1)), np.zeros((50, 1)))
