"""Latent points are found whose samples are near examples."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from advnets.data import Field
from advnets.errors import UsageError
from advnets.game import AdversarialGame, Categorical, Gaussian, Minimax, Prior, Uniform
from advnets.game.inverting import Inverted, invert

WEIGHTS = np.array([[1.0, 0.5, 0.0, 1.0], [0.0, 1.0, -1.0, 0.5]], np.float32)


def linear(prior: Prior) -> AdversarialGame:
    """G(z) = z W + 3."""
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    generator.set_weights([WEIGHTS, np.full(4, 3.0)])
    game = AdversarialGame(
        generator,
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]),
        loss=Minimax(),
        prior=prior,
    )
    game.compile("adam", "adam")
    return game


def found(game: AdversarialGame, x: Any, **options: Any) -> Inverted:
    return invert(game, x, (4,), **options)


def test_a_linear_generator_is_inverted() -> None:
    z = np.array([[0.5, -1.0], [2.0, 0.25], [-1.0, 1.0]], np.float32)
    seen = found(linear(Gaussian(2)), z @ WEIGHTS + 3.0)
    np.testing.assert_allclose(seen.latents, z, atol=1e-4)
    np.testing.assert_allclose(seen.samples, z @ WEIGHTS + 3.0, atol=1e-4)
    assert seen.differences.shape == (3,)
    assert seen.differences.max() < 1e-7


def test_what_remains_is_the_distance_from_all_that_g_makes() -> None:
    """The least-squares solution of z W = x - 3, and its residual."""
    x = np.random.default_rng(0).normal(3.0, 1.0, (5, 4)).astype("float32")
    solution, residuals, *_ = np.linalg.lstsq(WEIGHTS.T, (x - 3.0).T, rcond=None)
    seen = found(linear(Gaussian(2)), x)
    np.testing.assert_allclose(seen.latents, solution.T, atol=1e-3)
    np.testing.assert_allclose(seen.differences, residuals, rtol=1e-4)


def test_points_stay_where_the_prior_draws_them() -> None:
    z = np.array([[5.0, -5.0]], np.float32)
    seen = found(linear(Uniform(2, -1.0, 1.0)), z @ WEIGHTS + 3.0)
    assert np.abs(seen.latents).max() <= 1.0
    assert seen.differences[0] > 1.0


def test_equal_seeds_find_equal_points_and_more_starts_nothing_worse() -> None:
    game, x = linear(Gaussian(2)), np.ones((2, 4), np.float32)
    few = [found(game, x, steps=3, restarts=2, seed=4) for _ in "ab"]
    np.testing.assert_array_equal(few[0].latents, few[1].latents)
    assert (found(game, x, steps=3, restarts=8, seed=4).differences <= few[0].differences).all()
    other = found(game, x, steps=3, restarts=2, seed=5)
    assert np.any(other.latents != few[0].latents)


def test_many_are_found_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    game, x = linear(Gaussian(2)), np.random.default_rng(1).normal(size=(5, 4))
    whole = found(game, x, steps=20, restarts=3)
    monkeypatch.setattr("advnets.game.inverting.AT_ONCE", 4)
    np.testing.assert_allclose(found(game, x, steps=20, restarts=3).latents, whole.latents)


def conditional() -> AdversarialGame:
    """G(z, k) = z + 10 k."""
    z, label = keras.Input((4,), name="latent"), keras.Input((), dtype="int64", name="label")
    shift = keras.layers.Embedding(3, 4)(label)
    generator = keras.Model({"latent": z, "label": label}, keras.layers.Add()([z, shift]))
    generator.set_weights([np.repeat(10.0 * np.arange(3)[:, None], 4, axis=1)])
    game = AdversarialGame(
        generator,
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]),
        loss=Minimax(),
        prior=Gaussian(4),
        conditions={"label": Categorical(3)},
    )
    game.compile("adam", "adam")
    return game


def test_what_else_g_is_told_is_given() -> None:
    game, x = conditional(), np.full((2, 4), 10.5, np.float32)
    assert isinstance(game.told["label"], Field)
    seen = found(game, x, given={"label": [1, 1]})
    np.testing.assert_allclose(seen.latents, 0.5, atol=1e-3)
    with pytest.raises(UsageError, match="label too, which is not given"):
        found(game, x)
    with pytest.raises(UsageError, match="latent"):
        found(game, x, given={"label": 1, "latent": np.zeros((2, 4))})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": np.ones((2, 3))}, r"\[n, 4\] were expected; float64 \[2, 3\]"),
        ({"x": np.ones(4)}, "were expected"),
        ({"x": np.ones((0, 4))}, "were expected"),
        ({"x": np.full((1, 4), np.nan)}, "not finite"),
        ({"steps": 0}, "steps=0"),
        ({"restarts": 0}, "restarts=0"),
        ({"learning_rate": 0.0}, "greater than 0"),
        ({"learning_rate": float("inf")}, "greater than 0"),
        ({"weights": "best"}, "'averaged', 'current'"),
    ],
)
def test_what_makes_no_search_is_refused(options: dict[str, Any], message: str) -> None:
    x = options.pop("x", np.ones((1, 4)))
    with pytest.raises(UsageError, match=message):
        found(linear(Gaussian(2)), x, **options)
