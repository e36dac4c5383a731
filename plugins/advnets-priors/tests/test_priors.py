"""Priors by hand: where the means lie, how z is spread, and what lies beyond the threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_priors.mixture import Mixture
from advnets_priors.truncated import Truncated
from scipy import stats

from advnets import AdvnetsError
from advnets.errors import UsageError
from advnets.game import AdversarialGame
from advnets.random import Draw
from advnets.recipe import load_recipe


def sample(prior: Any, examples: int = 20_000, step: int = 0) -> np.ndarray:
    return prior.sample(Draw(1, step), "latent", examples).numpy()


@pytest.mark.parametrize("size", [1, 2, 3, 32])
def test_means_are_as_long_as_they_should_be_and_apart(size: int) -> None:
    means = Mixture(size, components=5, spread=2.0).means
    lengths = np.linalg.norm(means, axis=1)
    if size == 1:
        np.testing.assert_allclose(means[:, 0], [-2, -1, 0, 1, 2])
    else:
        np.testing.assert_allclose(lengths, 2.0 * size**0.5, rtol=1e-6)
    gaps = np.linalg.norm(means[:, None] - means[None], axis=-1) + 1e9 * np.eye(5)
    assert gaps.min() > 0.5
    if size == 2:  # evenly: each is as far from its neighbours as any
        np.testing.assert_allclose(gaps.min(1), gaps.min())


def test_directions_follow_the_seed_and_nothing_else() -> None:
    first, again, other = (Mixture(8, seed=seed).means for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert abs(first - other).max() > 0.1


def test_every_component_is_as_likely_and_of_its_deviation() -> None:
    prior = Mixture(2, components=8, spread=1.0, deviation=0.1)
    z = sample(prior)
    of = np.linalg.norm(z[:, None] - prior.means[None], axis=-1).argmin(1)
    counts = np.bincount(of, minlength=8)
    assert abs(counts / len(z) - 1 / 8).max() < 0.01
    rest = z - prior.means[of]
    np.testing.assert_allclose(rest.std(0), 0.1, rtol=0.03)
    np.testing.assert_allclose(rest.mean(0), 0.0, atol=0.005)


def test_the_variance_of_a_dimension_is_the_sum_of_both() -> None:
    z = sample(Mixture(32, components=1000, spread=1.0, deviation=0.5))
    np.testing.assert_allclose(z.var(), 1.25, rtol=0.02)
    line = sample(Mixture(1, components=10, spread=2.0, deviation=0.5))
    np.testing.assert_allclose(np.square(line).mean(), 4 * 11 / (3 * 9) + 0.25, rtol=0.02)


def test_one_component_is_a_gaussian() -> None:
    prior = Mixture(3, components=1, spread=0.0, deviation=2.0)
    assert stats.kstest(sample(prior).ravel() / 2.0, "norm").pvalue > 0.01


@pytest.mark.parametrize("t", [0.01, 0.5, 2.0, 10.0])
def test_truncated_is_what_scipy_says(t: float) -> None:
    prior = Truncated(2, threshold=t, deviation=3.0)
    z = sample(prior, 10_000)
    assert abs(z).max() <= 3.0 * t
    expected = stats.truncnorm(-t, t, scale=3.0)
    assert stats.kstest(z.ravel(), expected.cdf).pvalue > 0.01
    u = np.array([1e-6, 0.1, 0.5, 0.9])
    np.testing.assert_allclose(prior.quantile(u), expected.ppf(u), rtol=1e-5, atol=1e-9)


def test_the_ends_of_the_draw_are_finite_and_opposite() -> None:
    class Ends(Draw):
        def uniform(self, stream: str, shape: Any, examples: Any) -> tf.Tensor:
            return tf.constant([[0.0], [1.0 - 2.0**-23]])

    for t in (0.5, 10.0):
        low, high = Truncated(1, threshold=t).sample(Ends(1, 0), "latent", 2).numpy().ravel()
        assert low == pytest.approx(-high, rel=1e-6)
        assert np.isfinite(low)


PRIORS = [Mixture(shape=[3, 2]), Truncated(shape=[3, 2])]


@pytest.mark.parametrize("prior", PRIORS)
def test_any_shape_on_any_number_of_replicas_any_number_at_a_time(prior: Any) -> None:
    whole = sample(prior, 8)
    assert whole.shape == (8, 3, 2)
    assert whole.dtype == np.float32
    halves = [prior.sample(Draw(1, 0, i, 2), "latent", 4).numpy() for i in (0, 1)]
    np.testing.assert_array_equal(whole, np.concatenate(halves))
    np.testing.assert_allclose(whole[:5], sample(prior, 5), atol=1e-6)
    assert (whole != sample(prior, 8, step=1)).any()


@pytest.mark.parametrize("prior", PRIORS)
def test_in_fit_and_in_files(prior: Any, tmp_path: Path) -> None:
    layers = keras.layers
    generator = keras.Sequential([keras.Input((3, 2)), layers.Flatten(), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    game = AdversarialGame(generator, discriminator, prior=prior)
    game.compile("adam", "adam")
    x = np.random.default_rng(0).normal(size=(33, 2)).astype("float32")
    game.fit(x, batch_size=16, verbose=0)
    game.save(tmp_path / "game.keras")
    again = keras.saving.load_model(tmp_path / "game.keras")
    np.testing.assert_array_equal(again.generate(5)[0], game.generate(5)[0])


def recipe(latent: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataset": "ring",
        "latent": latent,
        "generator": "mlp",
        "discriminator": "mlp",
        "loss": "non_saturating",
        "optimizers": {"generator": "sgd", "discriminator": "sgd"},
        "training": {"steps": 10, "batch_size": 4},
    }


@pytest.mark.parametrize(
    ("latent", "wrong"),
    [
        ({"name": "mixture"}, "neither is given"),
        ({"name": "mixture", "size": 2, "shape": [2]}, "both are given"),
        ({"name": "mixture", "size": 2, "components": 0}, "components"),
        ({"name": "mixture", "size": 2, "spread": -1}, "spread"),
        ({"name": "mixture", "size": 2, "deviation": 0}, "deviation"),
        ({"name": "truncated", "size": 0}, "size"),
        ({"name": "truncated", "shape": [65536, 2]}, "are more than 65536"),
        ({"name": "truncated", "size": 2, "threshold": 0}, "threshold"),
        ({"name": "truncated", "size": 2, "threshold": 11}, "threshold"),
        ({"name": "truncated", "size": 2, "deviation": 0}, "deviation"),
    ],
)
def test_bad_parameters_are_refused(latent: dict[str, Any], wrong: str) -> None:
    with pytest.raises(AdvnetsError, match=wrong):
        load_recipe(recipe(latent))


@pytest.mark.parametrize("kind", [Mixture, Truncated])
def test_a_size_or_a_shape(kind: type) -> None:
    with pytest.raises(UsageError, match="of a `size` or of a `shape`"):
        kind()


@pytest.mark.parametrize("prior", [Truncated(3, 1.5, 2.0), Mixture(3, 4, 2.0, 0.1, seed=3)])
def test_the_centre_is_the_mean_of_what_is_drawn(prior: Any) -> None:
    np.testing.assert_allclose(prior.center(), sample(prior, 200_000).mean(0), atol=0.02)


def test_a_point_beyond_the_threshold_is_brought_back() -> None:
    z = Truncated(2, threshold=0.5, deviation=4.0).project(tf.constant([[-9.0, 1.0]]))
    np.testing.assert_array_equal(z, [[-2.0, 1.0]])
