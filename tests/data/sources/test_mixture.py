from __future__ import annotations

import numpy as np
import pytest

from advnets.data.sources import Gaussian1d, Grid, Ring
from advnets.data.sources.mixture import GaussianMixture

SOURCES = [
    Gaussian1d(mean=-1.5, deviation=0.25, examples=20_000),
    Ring(examples=20_000),
    Ring(modes=3, radius=2.0, deviation=0.3, examples=20_000),
    Grid(examples=20_000),
    Grid(side=2, spacing=1.0, deviation=0.4, examples=20_000),
]


def integral(source: GaussianMixture) -> float:
    """∫ p(x) dx by the trapezoidal rule, eight deviations beyond the outermost modes."""
    step = source.deviation / 4
    reach = np.abs(source.modes()).max() + 8 * source.deviation
    line = np.arange(-reach, reach + step, step)
    if source.spec.shape == (1,):
        return float(source.density(line[:, None]).sum() * step)
    total = 0.0
    for x in line:
        # Only modes near this column count; elsewhere p is 0 in float64.
        if np.abs(source.modes()[:, 0] - x).min() < 12 * source.deviation:
            total += source.density(np.stack([np.full_like(line, x), line], axis=1)).sum()
    return float(total * step**2)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
class TestEach:
    def test_the_density_integrates_to_one(self, source: GaussianMixture) -> None:
        assert integral(source) == pytest.approx(1, abs=1e-9)

    def test_the_modes_are_distinct(self, source: GaussianMixture) -> None:
        modes = source.modes()
        assert len(np.unique(modes.round(9), axis=0)) == len(modes)

    def test_examples_lie_about_their_modes(self, source: GaussianMixture) -> None:
        train, labels = source.load("train"), source.labels("train")
        assert labels is not None
        assert train.dtype == np.float32
        z = (train - source.modes()[labels]) / source.deviation
        n = z.size
        assert abs(z.mean()) < 5 / np.sqrt(n)
        assert abs(z.var() - 1) < 5 * np.sqrt(2 / n)
        counts = np.bincount(labels, minlength=len(source.modes()))
        expected = len(train) / len(counts)
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)

    def test_the_mean_log_density_is_the_entropy(self, source: GaussianMixture) -> None:
        """Modes far apart: H = log K + d/2 log(2πe σ²); closer ones have less."""
        count, d = source.modes().shape
        bound = np.log(count) + d / 2 * np.log(2 * np.pi * np.e * source.deviation**2)
        entropy = -source.log_density(source.load("train")).mean()
        tolerance = 5 * np.sqrt(d / 2 / 20_000)
        assert entropy < bound + tolerance
        distances = np.linalg.norm(source.modes()[:, None] - source.modes(), axis=-1)
        nearest = distances[distances > 0].min(initial=np.inf)
        if nearest > 10 * source.deviation:
            assert entropy == pytest.approx(bound, abs=tolerance)

    def test_float64(self, source: GaussianMixture) -> None:
        assert source.log_density(source.load("test")[:5]).dtype == np.float64

    def test_splits_are_drawn_apart(self, source: GaussianMixture) -> None:
        assert source.splits == ("train", "validation", "test")
        assert len({source.fingerprint(split) for split in source.splits}) == 3
        assert len(source.load("test")) == 10_000


def test_the_ring_has_its_eight_modes() -> None:
    modes = Ring().modes()
    np.testing.assert_allclose(np.linalg.norm(modes, axis=1), 1)
    gaps = np.linalg.norm(modes - np.roll(modes, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 2 * np.sin(np.pi / 8))


def test_the_grid_has_its_25_modes() -> None:
    line = [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert Grid().modes().tolist() == [[x, y] for x in line for y in line]


def test_densities_by_hand() -> None:
    gaussian = Gaussian1d(mean=1.0, deviation=2.0)
    expected = -0.5 * (4 / 2) ** 2 - np.log(2 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(gaussian.log_density(np.array([[5.0], [-3.0]])), expected)
    ring = Ring(modes=4, deviation=0.1)
    np.testing.assert_allclose(ring.density(np.array([[1.0, 0.0]])), 1 / (4 * 2 * np.pi * 0.01))
    centre = np.log(4 / 4) - 50 - np.log(2 * np.pi * 0.01)
    np.testing.assert_allclose(ring.log_density(np.zeros((1, 2))), centre)


def test_far_away_the_log_density_is_still_finite() -> None:
    assert np.isfinite(Ring().log_density(np.array([[1e6, -1e6]]))).all()


def test_the_examples_are_a_function_of_the_seed() -> None:
    assert Ring(examples=100).fingerprint() == Ring(examples=100).fingerprint()
    assert Ring(examples=100).fingerprint() != Ring(examples=100, seed=1).fingerprint()


def test_the_examples_are_for_ever() -> None:
    """Another draw would be another trajectory of every synthetic recipe."""
    golden = [3.6493361, 4.0810857, 3.7050152]
    np.testing.assert_allclose(Gaussian1d(examples=3).load("train").ravel(), golden, rtol=1e-6)
