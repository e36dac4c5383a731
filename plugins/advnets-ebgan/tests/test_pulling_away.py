"""The pulling-away term against hand values and a double loop."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_ebgan.pulling_away import PullingAway

from advnets.testing import play_of


def term(features: tf.Tensor, weight: float = 1.0) -> tf.Tensor:
    n = len(features)
    said = {"energy": tf.zeros([n]), "features": features}
    x = tf.zeros([n, 2])
    play = play_of(lambda _: said, x, x, player="generator", stage="generator", judge_real=False)
    return PullingAway(weight)(play)


def double_loop(codes: np.ndarray) -> float:
    n, total = len(codes), 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                norms = np.linalg.norm(codes[i]) * np.linalg.norm(codes[j])
                total += (codes[i] @ codes[j] / norms) ** 2
    return total / (n * (n - 1))


def test_belongs_to_the_generator() -> None:
    assert PullingAway().player == "generator"
    assert PullingAway().weight == 0.1


@pytest.mark.parametrize(
    ("codes", "mean"),
    [
        ([[1, 0], [5, 0]], 1.0),  # parallel, whatever the lengths
        ([[1, 0], [-5, 0]], 1.0),  # and whatever the sign
        ([[1, 0], [0, 7]], 0.0),
        ([[1, 0], [3, 3]], 0.5),  # at 45°, cos² = 1/2: the squared cosine, not the cosine 0.71
        ([[1, 0], [0, 1], [1, 1]], 2 * (0 + 0.5 + 0.5) / 6),
    ],
)
def test_by_hand(codes: list[list[float]], mean: float) -> None:
    values = term(tf.constant(codes, tf.float32))
    assert values.shape == (len(codes),)
    assert float(tf.reduce_mean(values)) == pytest.approx(mean, abs=1e-6)


def test_against_a_double_loop() -> None:
    codes = np.random.default_rng(0).normal(size=(17, 5))
    mean = float(tf.reduce_mean(term(tf.constant(codes, tf.float32), weight=0.1)))
    assert mean == pytest.approx(0.1 * double_loop(codes), rel=1e-5)


def test_features_of_any_rank() -> None:
    codes = np.random.default_rng(1).normal(size=(6, 2, 3)).astype("float32")
    np.testing.assert_allclose(term(tf.constant(codes)), term(tf.constant(codes.reshape(6, 6))))


@pytest.mark.parametrize(
    "codes", [np.zeros((3, 4)), [[0, 0], [1, 0], [1, 0]], [[1e-30, 0], [1, 1], [1, 0]], [[2, 3]]]
)
def test_finite_for_zero_codes_and_a_batch_of_one(codes: list[list[float]]) -> None:
    features = tf.constant(codes, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(features)
        values = term(features)
    assert np.isfinite(values).all()
    assert np.isfinite(tape.gradient(values, features)).all()


def test_gradient_against_finite_differences() -> None:
    codes = np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
    features = tf.constant(codes)
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = tf.reduce_mean(term(features))
    gradient = tape.gradient(value, features).numpy()
    for index in np.ndindex(codes.shape):
        moved = [codes.astype("float64"), codes.astype("float64")]
        moved[0][index] += 1e-6
        moved[1][index] -= 1e-6
        numeric = (double_loop(moved[0]) - double_loop(moved[1])) / 2e-6
        assert gradient[index] == pytest.approx(numeric, abs=1e-5)
