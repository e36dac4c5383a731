"""The gradient penalty against hand values, and in its second derivatives."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_wgan.gradient_penalty import GradientPenalty

from advnets.random import Draw
from advnets.testing import play_of

Critic = Callable[[tf.Tensor], tf.Tensor]


def penalty(
    critic: Critic,
    real: np.ndarray,
    fake: np.ndarray,
    *,
    stage: str = "discriminator/0",
    draw: Draw | None = None,
    **options: float | bool,
) -> tf.Tensor:
    """The penalty of C = ``critic``, which takes ``[N, ...]`` and returns ``[N]``."""

    x, y = tf.constant(real, tf.float32), tf.constant(fake, tf.float32)
    return GradientPenalty(**options)(play_of(critic, x, y, stage=stage, draw=draw))


def places(real: np.ndarray, fake: np.ndarray, **options) -> np.ndarray:
    """The points x̂ at which the critic was asked for its slope."""
    asked = []

    def critic(x: tf.Tensor) -> tf.Tensor:
        asked.append(x.numpy())
        return tf.reduce_sum(tf.reshape(x, [len(x), -1]), axis=1)

    penalty(critic, real, fake, **options)
    return asked[-1]


def test_belongs_to_the_discriminator() -> None:
    assert GradientPenalty().player == "discriminator"
    assert GradientPenalty().weight == 10.0
    assert not GradientPenalty().one_sided


@pytest.mark.parametrize(
    ("slope", "both_sides", "one_side"),
    [
        ((3.0, 4.0), 16.0, 16.0),  # (5 - 1)², the norm of the gradient, not its square
        ((0.6, 0.8), 0.0, 0.0),
        ((0.3, 0.4), 0.25, 0.0),  # (0.5 - 1)²
        ((0.0, 0.0), 1.0, 0.0),
    ],
)
def test_by_hand(slope: tuple[float, float], both_sides: float, one_side: float) -> None:
    def critic(x: tf.Tensor) -> tf.Tensor:
        return tf.linalg.matvec(x, tf.constant(slope)) + 7.0

    x = np.random.default_rng(0).normal(size=(2, 5, 2))
    for options, expected in (({}, both_sides), ({"one_sided": True}, one_side)):
        values = penalty(critic, *x, weight=0.1, **options)
        np.testing.assert_allclose(values, np.full(5, 0.1 * expected), rtol=1e-5, atol=1e-7)


def test_the_norm_is_over_a_whole_image() -> None:
    images = np.zeros((2, 3, 4, 4, 1))
    values = penalty(lambda x: tf.reduce_sum(x, axis=[1, 2, 3]), *images, weight=1.0)
    np.testing.assert_allclose(values, [9.0, 9.0, 9.0], rtol=1e-6)  # (√16 - 1)²


def test_each_example_has_a_slope_of_its_own() -> None:
    """C(x) = x²/2 has the slope |x|; between x and itself every x̂ is x."""
    x = np.array([[1.0], [-3.0], [0.0], [0.5]])
    values = penalty(lambda x: 0.5 * x[:, 0] ** 2, x, x, weight=1.0)
    np.testing.assert_allclose(values, [0.0, 4.0, 1.0, 0.25], rtol=1e-6)


def test_interpolates_lie_evenly_between_with_one_place_per_example() -> None:
    n = 2000
    real, fake = np.ones((n, 2, 3)), np.full((n, 2, 3), -1.0)
    between = places(real, fake)
    assert (np.ptp(between, axis=(1, 2)) == 0).all(), "the numbers of one example share an ε"
    at = (between[:, 0, 0] + 1) / 2
    assert len(np.unique(at)) > 0.99 * n, "one ε for several examples"
    assert at.min() >= 0
    assert at.max() < 1
    assert at.mean() == pytest.approx(0.5, abs=0.02)  # 3 σ: 1/√(12·2000) = 0.0065
    assert at.var() == pytest.approx(1 / 12, abs=0.005)


def test_every_stage_and_round_has_places_of_its_own() -> None:
    real, fake = np.ones((8, 1)), np.zeros((8, 1))
    first = places(real, fake)
    np.testing.assert_array_equal(places(real, fake), first)
    assert (places(real, fake, stage="discriminator/1") != first).all()
    assert (places(real, fake, draw=Draw(1, 1)) != first).all()
    assert (places(real, fake, draw=Draw(2, 0)) != first).all()


def test_finite_where_the_critic_is_flat() -> None:
    weights = tf.Variable(np.zeros((2, 1)), dtype=tf.float32)
    x = np.random.default_rng(0).normal(size=(2, 4, 2))
    with tf.GradientTape() as tape:
        values = penalty(lambda x: tf.matmul(x, weights)[:, 0], *x, weight=1.0)
    np.testing.assert_array_equal(values, np.ones(4))
    np.testing.assert_array_equal(tape.gradient(values, weights), np.zeros((2, 1)))


@pytest.mark.parametrize("one_sided", [False, True])
def test_second_derivatives_against_finite_differences(one_sided: bool) -> None:
    """∂/∂w of λ(‖∇_x C‖ − 1)², through a critic of two layers, in float64 by hand."""
    random = np.random.default_rng(3)
    x = random.normal(size=(2, 6, 3))
    start = [random.normal(size=(3, 5)), random.normal(size=5), random.normal(size=(5, 1))]
    between = places(*x).astype("float64")

    def by_hand(first: np.ndarray, bias: np.ndarray, second: np.ndarray) -> float:
        """C(x) = second · tanh(first x + bias), whose gradient is known."""
        slopes = (1 - np.tanh(between @ first + bias) ** 2) * second[:, 0] @ first.T
        excess = np.linalg.norm(slopes, axis=1) - 1
        return 10 * np.mean((np.maximum(excess, 0) if one_sided else excess) ** 2)

    weights = [tf.Variable(value, dtype=tf.float32) for value in start]

    def critic(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(tf.tanh(tf.matmul(x, weights[0]) + weights[1]), weights[2])[:, 0]

    with tf.GradientTape() as tape:
        value = tf.reduce_mean(penalty(critic, *x, one_sided=one_sided))
    assert float(value) == pytest.approx(by_hand(*start), rel=1e-4)
    for gradient, moved in zip(tape.gradient(value, weights), start, strict=True):
        for index in np.ndindex(moved.shape):
            kept, ends = moved[index], []
            for step in (1e-6, -1e-6):
                moved[index] = kept + step
                ends.append(by_hand(*start))
            moved[index] = kept
            numeric = (ends[0] - ends[1]) / 2e-6
            assert gradient.numpy()[index] == pytest.approx(numeric, rel=1e-3, abs=1e-3)


def test_keras_critics_of_images() -> None:
    """Convolutions and LeakyReLU are differentiated twice too."""
    critic = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, 2),
            keras.layers.LeakyReLU(negative_slope=0.2),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 6, 2))
    with tf.GradientTape() as tape:
        values = penalty(lambda x: critic(x)[:, 0], *x)
    kernel, bias, *_ = tape.gradient(values, [v.value for v in critic.trainable_variables])
    assert np.abs(kernel).max() > 0
    assert bias is None or np.abs(bias).max() == 0  # piecewise linear
