"""p_g on the line, against distributions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from advnets.errors import DataError, UsageError
from advnets.evaluate.estimators.push_forward import PushForward
from advnets.game import Gaussian, Prior, Uniform
from advnets.random import Draw


def uniform(u):
    return u


def test_an_affine_generator_makes_a_gaussian():
    edges = np.linspace(0, 8, 801)
    for slope in (0.5, -0.5):  # whichever way it runs
        found = PushForward(ndtri, lambda z, a=slope: (a * z + 4).astype("float32")).bin_masses(
            edges
        )
        np.testing.assert_allclose(found, np.diff(ndtr((edges - 4) / 0.5)), atol=1e-7)
        assert found.sum() == pytest.approx(1, abs=1e-9)


def test_every_branch_of_a_folded_generator_counts():
    edges = np.linspace(-0.2, 1.2, 29)  # x = z², z ~ U(−1, 1): P(x < t) = √t
    found = PushForward(lambda u: 2 * u - 1, np.square).bin_masses(edges)
    np.testing.assert_allclose(found, np.diff(np.sqrt(np.clip(edges, 0, 1))), atol=1e-6)


def test_where_the_generator_is_flat_the_mass_is_an_atom():
    found = PushForward(uniform, lambda z: np.maximum(z, 0.25)).bin_masses(
        np.linspace(0, 1, 5) - 1e-9
    )
    np.testing.assert_allclose(found, [0, 0.5, 0.25, 0.25], atol=1e-4)


def test_cells_that_span_many_bins_are_spread_over_them():
    edges = np.array([0.0, 0.1, 0.2, 0.5, 0.9, 1.0])
    np.testing.assert_allclose(PushForward(uniform, uniform, 2).bin_masses(edges), np.diff(edges))
    wild = PushForward(uniform, lambda z: 100 * np.sin(200 * z)).bin_masses(np.linspace(-1, 1, 50))
    assert wild.sum() == pytest.approx(2 / 100 / np.pi, rel=0.05)


def test_joined_cells_lose_little():
    pushed, edges = PushForward(ndtri, np.tanh), np.linspace(-1, 1, 65)
    difference = np.abs(pushed.bin_masses(edges) - pushed.bin_masses(edges, stride=2)).max()
    assert 0 < difference < 1e-6


def test_quantiles():
    found = PushForward(ndtri, lambda z: -z).quantiles((0.025, 0.5, 0.975))
    np.testing.assert_allclose(found, [-1.96, 0, 1.96], atol=2e-3)


def test_a_generator_that_is_not_finite_is_refused():
    with pytest.raises(DataError, match="not finite"):
        PushForward(uniform, lambda z: np.where(z > 0.9, np.nan, z))


def test_a_quantile_function_that_is_none_is_refused():
    with pytest.raises(UsageError, match="no quantile function"):
        PushForward(lambda u: -u, uniform)


@pytest.mark.parametrize("prior", [Uniform(1, -2.0, 3.0), Gaussian(1, 1.5, 0.5)])
def test_the_priors_quantiles_are_those_of_their_draws(prior):
    draws = prior.sample(Draw(1, 0), "latent", 50_000).numpy().ravel()
    shares = np.array([0.05, 0.3, 0.5, 0.9])
    np.testing.assert_allclose(np.quantile(draws, shares), prior.quantile(shares), atol=0.05)
    assert Prior(1).quantile(shares) is None
