"""Latent points are pulled to the prior's mean."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import AdversarialGame, Gaussian, Minimax, NoLatent, Prior, Uniform
from advnets.game.truncation import truncate
from advnets.random import Draw


class Shifted(Prior):
    """Points around 5, whose mean nobody says."""

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        return 5.0 + draw.normal(stream, self.shape, examples)


def made() -> AdversarialGame:
    dense = keras.layers.Dense(2, use_bias=False, kernel_initializer="identity")
    game = AdversarialGame(
        keras.Sequential([keras.Input((2,)), dense]),
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
        loss=Minimax(),
        prior=Gaussian(2, mean=1.0),
    )
    game.compile("adam", "adam")
    return game


def test_points_come_nearer_to_the_mean_by_the_factor() -> None:
    z = np.array([[3.0, -1.0]], np.float32)
    prior = Gaussian(2, mean=1.0)
    np.testing.assert_allclose(truncate(z, 0.5, prior), [[2.0, 0.0]])
    np.testing.assert_array_equal(truncate(z, 0.0, prior), [[1.0, 1.0]])
    np.testing.assert_array_equal(truncate(z, 1.0, prior), z)
    np.testing.assert_allclose(Uniform(2, 0.0, 1.0).center(), [0.5, 0.5])


def test_a_mean_that_nobody_says_is_that_of_many_draws() -> None:
    prior = Shifted(2)
    np.testing.assert_allclose(prior.center(), [5.0, 5.0], atol=0.02)
    np.testing.assert_array_equal(prior.center(), prior.center())


def test_samples_are_of_the_points_that_are_returned() -> None:
    game = made()
    plain, _ = game.generate(4, seed=1)
    samples, told = game.generate(4, seed=1, truncation=0.25)
    np.testing.assert_allclose(samples, told["latent"])  # G is the identity
    np.testing.assert_allclose(samples, 1.0 + 0.25 * (plain - 1.0), atol=1e-6)
    given, _ = game.generate(1, given={"latent": [5.0, 1.0]}, truncation=0.5)
    np.testing.assert_allclose(given, [[3.0, 1.0]])


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf"), "0.5", True])
def test_what_is_no_factor_is_refused(wrong: object) -> None:
    with pytest.raises(UsageError, match="a number, 0 at least"):
        made().draw_told(2, truncation=wrong)  # type: ignore[arg-type]


def test_without_latent_points_there_is_nothing_to_truncate() -> None:
    from advnets.game.truncation import check_truncation

    with pytest.raises(UsageError, match="has no latent"):
        check_truncation(0.5, None)
    assert NoLatent().size == 0
