"""The Parzen-window estimate against direct computations, scipy and a known answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from advnets.builtin.metrics import ParzenParameters
from advnets.errors import DataError
from advnets.evaluate import Data, MetricContext, Weights
from advnets.evaluate.metrics.parzen import log_likelihoods, parzen


def direct(x, centres, sigma):
    """LL(x), term by term, in Python's own floats."""
    d = len(x)
    terms = [-(math.dist(x, centre) ** 2) / (2 * sigma**2) for centre in centres]
    top = max(terms)
    mean = math.fsum(math.exp(t - top) for t in terms) / len(terms)
    return math.log(mean) + top - d * math.log(sigma * math.sqrt(2 * math.pi))


def context(samples, splits, **more):
    return MetricContext(
        samples=lambda n, seed, first=0: samples[first:n],
        data=Data(load=lambda split: splits[split], splits=tuple(splits)),
        **more,
    )


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_equals_the_direct_sum(offset):
    rng = np.random.default_rng(0)
    centres = rng.random((17, 30)) + offset
    x = rng.random((5, 30)) + offset
    sigmas = [0.05, 0.2154, 1.0]
    ours = log_likelihoods(x, centres, sigmas)
    theirs = [[direct(row, centres, sigma) for row in x] for sigma in sigmas]
    np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_equals_scipys_kernel_density():
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(200, 1))
    x = rng.normal(size=(50, 1))
    kde = gaussian_kde(centres.T, bw_method=0.3)
    sigma = math.sqrt(kde.covariance[0, 0])
    np.testing.assert_allclose(log_likelihoods(x, centres, [sigma])[0], kde.logpdf(x.T), rtol=1e-9)


def test_blocks_do_not_change_the_result():
    rng = np.random.default_rng(2)
    x, centres = rng.random((23, 4)), rng.random((11, 4))
    whole = log_likelihoods(x, centres, [0.1, 0.4])
    np.testing.assert_allclose(log_likelihoods(x, centres, [0.1, 0.4], block=1), whole, rtol=1e-12)
    np.testing.assert_allclose(log_likelihoods(x, centres, [0.1, 0.4], block=30), whole, rtol=1e-12)


def test_far_points_do_not_underflow():
    ll = log_likelihoods(np.full((1, 784), 5.0), np.zeros((3, 784)), [0.1])[0, 0]
    expected = -25 * 784 / (2 * 0.01) - 784 * math.log(0.1 * math.sqrt(2 * math.pi))
    assert ll == pytest.approx(expected, rel=1e-12)


def test_float32_images_keep_their_digits():
    """The case of Table 1: 784 pixels in [0, 1]; a float32 matrix product would lose 1e-4."""
    rng = np.random.default_rng(3)
    x = rng.random((3, 784)).astype(np.float32)
    centres = rng.random((9, 784)).astype(np.float32)
    ours = log_likelihoods(x, centres, [0.1])[0]
    theirs = [direct(row.astype(float), centres.astype(float), 0.1) for row in x]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_recovers_the_entropy_of_a_gaussian():
    """With many exact samples the estimate approaches −H = −½ log(2πe) per dimension."""
    rng = np.random.default_rng(4)
    splits = {name: rng.normal(size=(4000, 1)) for name in ("validation", "test")}
    [score] = parzen(context(rng.normal(size=(10_000, 1)), splits))
    assert score.value == pytest.approx(-0.5 * math.log(2 * math.pi * math.e), abs=0.05)
    assert score.protocol["sigma"] < 0.5


def test_protocol_and_error():
    rng = np.random.default_rng(5)
    splits = {
        "train": rng.random((40, 3, 2)),
        "validation": rng.random((30, 3, 2)),
        "test": rng.random((20, 3, 2)),
    }
    samples = rng.random((25, 3, 2))
    [score] = parzen(
        context(samples, splits, seed=7, weights=Weights(step=12, sha256="abc")),
        samples=25,
        validation=10,
    )
    grid = np.logspace(-1, 0, 10)
    flat = samples.reshape(25, 6)
    curve = [
        np.mean([direct(x, flat, s) for x in splits["validation"][:10].reshape(10, 6)])
        for s in grid
    ]
    sigma = grid[int(np.argmax(curve))]
    ll = np.array([direct(x, flat, sigma) for x in splits["test"].reshape(20, 6)])
    assert score.value == pytest.approx(ll.mean())
    assert score.error == pytest.approx(ll.std(ddof=0) / math.sqrt(20))
    protocol = score.protocol
    assert protocol["sigma"] == pytest.approx(sigma)
    np.testing.assert_allclose(protocol["sigma_grid"], grid)
    np.testing.assert_allclose(protocol["sigma_curve"], curve)
    expected = {"samples": 25, "sigma_split": "validation", "sigma_examples": 10}
    expected |= {"split": "test", "examples": 20, "seed": 7, "step": 12, "weights_sha256": "abc"}
    assert {key: protocol[key] for key in expected} == expected
    assert "note" not in protocol


def test_without_validation_the_last_training_examples_choose_sigma():
    rng = np.random.default_rng(6)
    splits = {"train": rng.random((40, 2)), "test": rng.random((20, 2))}
    [score] = parzen(context(rng.random((30, 2)), splits), samples=30, validation=8)
    assert score.protocol["sigma_split"] == "train"
    assert score.protocol["sigma_examples"] == 8
    assert "no validation split" in score.protocol["note"]
    renamed = {"validation": splits["train"][-8:], "test": splits["test"]}
    [same] = parzen(context(rng.random((30, 2)), renamed), samples=30)
    assert same.protocol["sigma_examples"] == 8


def test_without_a_test_split_it_says_so():
    with pytest.raises(DataError, match="no 'test' split"):
        parzen(context(np.zeros((5, 2)), {"train": np.zeros((5, 2))}), samples=5)


def test_samples_that_are_not_finite_are_refused():
    splits = {"validation": np.zeros((5, 2)), "test": np.zeros((5, 2))}
    samples = np.zeros((5, 2))
    samples[2, 1] = np.nan
    with pytest.raises(DataError, match="1 of the generator's 5 samples are not finite"):
        parzen(context(samples, splits), samples=5)


def test_parameters_default_to_the_papers_protocol():
    defaults = ParzenParameters().model_dump()
    assert defaults == {
        "samples": 10_000,
        "sigmas": 10,
        "low": -1.0,
        "high": 0.0,
        "validation": 1_000,
    }
    with pytest.raises(ValueError, match="must not exceed"):
        ParzenParameters(low=1.0, high=0.0)
