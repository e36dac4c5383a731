"""Scores against those of other people's code: torch-fidelity, prdc, POT, SciPy."""

from __future__ import annotations

import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import energy_distance as scipy_energy_distance

from advnets.evaluate.estimators.discrepancy import discrepancy
from advnets.evaluate.estimators.moments import moments_of
from advnets.evaluate.metrics.fid import frechet_distance
from advnets.evaluate.metrics.inception_score import split_scores
from advnets.evaluate.metrics.kid import draw_subsets, subset_discrepancies
from advnets.evaluate.metrics.prdc import neighbour_scores
from advnets.evaluate.metrics.sliced_wasserstein import random_directions, sliced_distance

SCRIPT = runpy.run_path(
    str(Path(__file__).with_name("golden") / "torch_fidelity_scores.py"), run_name="golden"
)
GOLDEN = json.loads(SCRIPT["FILE"].read_text(encoding="utf-8"))
FEATURES = SCRIPT["features"]()


def test_torch_fidelity_still_says_what_is_kept():
    pytest.importorskip("torch", exc_type=ImportError)
    SCRIPT["without_torchvision"]()
    pytest.importorskip("torch_fidelity", exc_type=ImportError)
    for name, scores in SCRIPT["measured"]().items():
        assert scores == pytest.approx(GOLDEN[name], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", FEATURES)
def test_fid_is_that_of_torch_fidelity(name):
    real, generated = map(moments_of, FEATURES[name])
    ours = frechet_distance(real.mean, real.covariance, generated.mean, generated.covariance)
    # It takes eigenvalues of a product that is not symmetric, where 0 becomes 1e-16 and its
    # root 1e-8, for each of the 25 dimensions that 40 examples don't fill.
    tolerance = 1e-6 if name == "fewer_than_dimensions" else 1e-10
    assert ours == pytest.approx(GOLDEN[name]["frechet_inception_distance"], rel=tolerance)


@pytest.mark.parametrize("name", FEATURES)
def test_kid_is_that_of_torch_fidelity(name):
    real, generated = FEATURES[name]
    chosen = draw_subsets(
        len(generated), len(real), SCRIPT["SUBSETS"], GOLDEN[name]["subset_size"], SCRIPT["SEED"]
    )
    values = subset_discrepancies(chosen, generated, real)
    assert values.mean() == pytest.approx(
        GOLDEN[name]["kernel_inception_distance_mean"], rel=1e-10, abs=1e-12
    )
    assert values.std() == pytest.approx(GOLDEN[name]["kernel_inception_distance_std"], rel=1e-9)


def test_the_inception_score_is_that_of_torch_fidelity():
    scores, _ = split_scores(softmax(SCRIPT["logits"](), axis=1), SCRIPT["SPLITS"], resamples=2)
    assert scores.mean() == pytest.approx(GOLDEN["logits"]["inception_score_mean"], rel=1e-10)
    assert scores.std() == pytest.approx(GOLDEN["logits"]["inception_score_std"], rel=1e-9)


@pytest.mark.parametrize("k", SCRIPT["NEIGHBOURS"])
@pytest.mark.parametrize("name", FEATURES)
def test_precision_and_recall_are_those_of_torch_fidelity(name, k):
    found = neighbour_scores(*FEATURES[name], k)
    assert found["precision"][0] == pytest.approx(GOLDEN[name][f"precision_{k}"], abs=1e-6)
    assert found["recall"][0] == pytest.approx(GOLDEN[name][f"recall_{k}"], abs=1e-6)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("name", FEATURES)
def test_all_four_are_those_of_prdc(name, k):
    theirs = pytest.importorskip("prdc").compute_prdc(*FEATURES[name], nearest_k=k)
    ours = {score: value for score, (value, _) in neighbour_scores(*FEATURES[name], k).items()}
    assert ours == pytest.approx(dict(theirs), abs=1e-12)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("name", FEATURES)
def test_sliced_wasserstein_is_that_of_pot(name, p):
    ot = pytest.importorskip("ot")
    real, generated = FEATURES[name]
    directions = random_directions(30, real.shape[1], seed=1)
    theirs = ot.sliced_wasserstein_distance(real, generated, projections=directions.T, p=p)
    ours, _, _ = sliced_distance(real, generated, directions, p)
    assert ours == pytest.approx(float(theirs), rel=1e-9)


def test_energy_distance_is_scipys_but_for_pairs_of_the_same():
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=60), draw.normal(0.5, 2.0, size=45)
    value = discrepancy(x[:, None], y[:, None], "negative_distance").value
    # SciPy's pairs each example with itself too, at distance 0.
    within = [np.abs(side[:, None] - side).sum() for side in (x, y)]
    correction = within[0] / (60**2 * 59) + within[1] / (45**2 * 44)
    # It has the root of what Székely and Rizzo define.
    assert math.sqrt(value + correction) == pytest.approx(scipy_energy_distance(x, y), rel=1e-7)
