"""Each penalty against values worked out by hand, and against what its paper says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_penalties.balanced_consistency import BalancedConsistency
from advnets_penalties.consistency import Consistency
from advnets_penalties.dragan import Dragan, standard_deviation
from advnets_penalties.label_smoothing import LabelSmoothing
from advnets_penalties.lecam import LeCam
from advnets_penalties.orthogonal import Orthogonal
from advnets_penalties.r2 import R2

from advnets import PluginError, UsageError
from advnets.game import (
    R1,
    AdversarialGame,
    Augmentation,
    Loss,
    Play,
    Translation,
)
from advnets.random import Draw
from advnets.testing import play_of

Critic = Callable[[tf.Tensor], tf.Tensor]


def half_square(x: tf.Tensor) -> tf.Tensor:
    """C(x) = ½ ‖x‖², whose slope at x is ‖x‖."""
    return 0.5 * tf.reduce_sum(tf.square(x), axis=list(range(1, len(x.shape))))


def first(x: tf.Tensor) -> tf.Tensor:
    """C(x) = x₁."""
    return x[:, 0]


def points(*rows: tuple[float, ...]) -> tf.Tensor:
    return tf.constant(rows, tf.float32)


# ------------------------------------------------------------------------------- R2 and DRAGAN


def test_r2_is_r1_of_the_other_side() -> None:
    x, y = points((1.0, 0.0)), points((3.0, 4.0))
    np.testing.assert_allclose(R2(2.0)(play_of(half_square, x, y)), [25.0])
    np.testing.assert_allclose(
        R2(2.0)(play_of(half_square, x, y)), R1(2.0)(play_of(half_square, y, x))
    )


def places(x: np.ndarray, draw: Draw | None = None, **options: Any) -> np.ndarray:
    """The points at which DRAGAN asked the critic for its slope."""
    asked = []

    def critic(at: tf.Tensor) -> tf.Tensor:
        asked.append(at.numpy())
        return half_square(at)

    x = tf.constant(x, tf.float32)
    Dragan(**options)(play_of(critic, x, x, draw=draw))
    return asked[-1]


@pytest.mark.parametrize(
    ("noise", "mean", "deviation"), [("uniform", 0.5, 12**-0.5), ("gaussian", 0.0, 1.0)]
)
def test_dragan_looks_near_the_data(noise: str, mean: float, deviation: float) -> None:
    """The noise is c times the deviation of all numbers of the batch, here 2, times u."""
    x = np.tile([[3.0, 7.0]], (2000, 1))
    u = (places(x, noise=noise, scale=0.5) - x) / (0.5 * 2.0)
    assert u.mean() == pytest.approx(mean, abs=0.05)
    assert u.std() == pytest.approx(deviation, rel=0.05)
    assert np.ptp(u, axis=1).min() > 0, "each number has noise of its own"
    again, other = places(x, noise=noise), places(x, Draw(1, 1), noise=noise)
    np.testing.assert_array_equal(places(x, noise=noise), again)
    assert (other != again).any(axis=1).all()


@pytest.mark.parametrize(
    ("slope", "expected"), [((3.0, 4.0), 16.0), ((0.6, 0.8), 0.0), ((0.0, 0.0), 1.0)]
)
def test_dragan_of_a_linear_critic(slope: tuple[float, float], expected: float) -> None:
    weights = tf.Variable(slope)
    x = points((1.0, 2.0), (0.0, -1.0))
    with tf.GradientTape() as tape:
        play = play_of(lambda x: tf.linalg.matvec(x, weights), x, x)
        values = Dragan(weight=1.0)(play)
    np.testing.assert_allclose(values, [expected] * 2, rtol=1e-5, atol=1e-6)
    assert np.isfinite(tape.gradient(values, weights)).all()


def test_the_deviation_is_of_all_numbers() -> None:
    x = np.random.default_rng(0).normal(1000.0, 2.0, size=(50, 3, 4))
    assert float(standard_deviation(tf.constant(x, tf.float32))) == pytest.approx(x.std(), rel=1e-4)


# ---------------------------------------------------------------------------------- consistency


class Plus(Augmentation):
    """x + 1 in the first call and so on: T is known."""

    geometric = False

    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        return x + self.by


def test_consistency_by_hand() -> None:
    x, y = points((1.0,), (2.0,)), points((-3.0,), (0.0,))
    play = play_of(lambda x: x[:, 0] ** 2, x, y)
    real = [(1 - 9) ** 2, (4 - 16) ** 2]  # both maps, one after the other: x + 2
    fake = [(9 - 1) ** 2, (0 - 4) ** 2]
    maps = [Plus(0.5), Plus(1.5)]
    np.testing.assert_allclose(Consistency(maps, 0.5)(play), 0.5 * np.array(real))
    both = BalancedConsistency(maps, real=1.0, fake=10.0)(play)
    np.testing.assert_allclose(both, np.array(real) + 10 * np.array(fake))
    alone = BalancedConsistency(maps, real=3.0, fake=0.0)(play)
    np.testing.assert_allclose(alone, 3 * np.array(real))


def test_consistency_moves_d_by_both_of_its_words() -> None:
    """∂/∂w of (w x − w (x + 2))² = 4 w², at w = 3."""
    weight = tf.Variable(3.0)
    x = points((1.0,))
    with tf.GradientTape() as tape:
        value = Consistency([Plus(2.0)], 1.0)(play_of(lambda x: weight * x[:, 0], x, x))
    np.testing.assert_allclose(value, [36.0])
    assert float(tape.gradient(value, weight)) == pytest.approx(24.0)


def test_consistency_is_the_mean_over_parts() -> None:
    x = points((1.0, 2.0))
    patches = play_of(lambda x: tf.stack([x, 3 * x], axis=-1), x, x)
    np.testing.assert_allclose(Consistency([Plus(1.0)], 1.0)(patches), [(1 + 1 + 9 + 9) / 4])


def test_a_mask_that_d_is_told_moves_along() -> None:
    """A mask that is the image itself differs from it by nothing, however both are moved."""
    x = tf.constant(np.random.default_rng(0).uniform(size=(50, 8, 8, 1)), tf.float32)

    def differs(told: Any) -> tf.Tensor:
        return tf.reduce_sum(tf.abs(told["example"] - told["mask"]), [1, 2, 3])

    play = play_of(differs, x, x, fields={"mask": x}, takes=("example", "mask"))
    for penalty in (Consistency([Translation()]), BalancedConsistency([Translation()])):
        np.testing.assert_array_equal(penalty(play), np.zeros(50))
    still = BalancedConsistency([Plus(1.0)], 1.0, 0.0)(play)  # moves no pixels
    np.testing.assert_allclose(still, [64.0**2] * 50)


def test_both_sides_are_moved_by_numbers_of_their_own() -> None:
    asked = []

    def critic(x: tf.Tensor) -> tf.Tensor:
        asked.append(x.numpy())
        return tf.reduce_sum(x, [1, 2, 3])

    x = tf.reshape(tf.range(64.0 * 20), [20, 8, 8, 1])
    play = play_of(critic, x, x)
    asked.clear()
    BalancedConsistency([Translation()])(play)
    assert len(asked) == 2
    assert (asked[0] != asked[1]).any()


# ---------------------------------------------------------------------------------------- LeCam


def test_lecam_follows_d_and_holds_it() -> None:
    x, y = points((3.0,), (1.0,)), points((-1.0,), (0.0,))
    play, lecam = play_of(first, x, y), LeCam(weight=2.0, decay=0.75, begin=1)
    lecam.real.assign(1.0)
    lecam.fake.assign(-1.0)
    np.testing.assert_allclose(lecam(play), 2 * np.array([16.0 + 4.0, 4.0 + 1.0]))
    lecam.update(play)
    assert float(lecam.real) == pytest.approx(0.75 * 1.0 + 0.25 * 2.0)
    assert float(lecam.fake) == pytest.approx(0.75 * -1.0 + 0.25 * -0.5)
    seen = lecam.observe(play)
    np.testing.assert_allclose(seen["lecam_real"], [1.25] * 2)
    np.testing.assert_allclose(seen["lecam_fake"], [-0.875] * 2)


def test_lecam_is_a_constant_of_d_at_its_averages() -> None:
    """The gradient is that of D's words alone: the averages are no part of D."""
    scale = tf.Variable(1.0)
    x, y = points((3.0,)), points((-1.0,))
    lecam = LeCam(weight=1.0)
    with tf.GradientTape() as tape:
        value = lecam(play_of(lambda x: scale * x[:, 0], x, y))
    assert float(tape.gradient(value, scale)) == pytest.approx(2 * 3 * 3 + 2 * -1 * -1)


class Watched(LeCam):
    """Note of each round the term, both averages after it, and the means that they follow."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seen: list[tuple[float, list[float], list[float]]] = []

    def __call__(self, play: Play) -> tf.Tensor:
        self.term = super().__call__(play)
        return self.term

    def update(self, play: Play) -> None:
        super().update(play)
        means = [float(tf.reduce_mean(side.logits)) for side in (play.real, play.fake)]
        averages = [float(self.real), float(self.fake)]
        self.seen.append((float(tf.reduce_mean(self.term)), averages, means))


def test_lecam_begins_late_and_from_the_mean() -> None:
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    lecam = Watched(weight=1.0, decay=0.9, begin=2)
    game = AdversarialGame(generator, discriminator, penalties=[lecam], seed=1)
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    for _ in range(4):
        game.train_step(points((1.0, 2.0), (0.0, 1.0), (3.0, -1.0)))
    assert [term for term, *_ in lecam.seen[:2]] == [0.0, 0.0]
    assert min(term for term, *_ in lecam.seen[2:]) > 0.0
    for _, averages, means in lecam.seen[:2]:
        np.testing.assert_allclose(averages, means, rtol=1e-5)
    before = np.array(lecam.seen[1][1])
    _, averages, means = lecam.seen[2]
    np.testing.assert_allclose(averages, 0.9 * before + 0.1 * np.array(means), rtol=1e-5)


# -------------------------------------------------------------------------- orthogonal, smoothing


def convolutions(kernel: np.ndarray | None = None) -> keras.Model:
    network = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 3, bias_initializer="ones"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    if kernel is not None:
        network.layers[0].kernel.assign(kernel)
    return network


@pytest.mark.parametrize("unit", [False, True])
def test_orthogonal_by_its_definition(unit: bool) -> None:
    """Over all kernels, biases left out."""
    network = convolutions()
    expected = 0.0
    for kernel in (network.layers[0].kernel.numpy(), network.layers[2].kernel.numpy()):
        flat = kernel.reshape(-1, kernel.shape[-1])
        products = flat.T @ flat
        identity = np.eye(len(products))
        wanted = products - identity if unit else products * (1 - identity)
        expected += (wanted**2).sum()
    x = tf.zeros([2, 4, 4, 2])
    values = Orthogonal("discriminator", 0.5, unit)(play_of(network, x, x))
    assert values.shape == (1,)
    np.testing.assert_allclose(values, [0.5 * expected], rtol=1e-5)


def test_orthogonal_filters_cost_nothing_and_unit_ones_neither() -> None:
    filters = np.linalg.qr(np.random.default_rng(0).normal(size=(18, 3)))[0]
    network = keras.Sequential([keras.Input((18,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    x = tf.zeros([2, 18])
    for scale, unit, expected in ((5.0, False, 0.0), (1.0, True, 0.0), (2.0, True, 3 * 3.0**2)):
        network.set_weights([scale * filters, np.zeros(3), np.eye(3)[:, :1], np.zeros(1)])
        value = Orthogonal("discriminator", 1.0, unit)(play_of(network, x, x))
        np.testing.assert_allclose(value, [expected], atol=1e-4)


def test_orthogonal_refuses_a_network_without_kernels() -> None:
    x = points((1.0,))
    with pytest.raises(PluginError, match="has no kernels"):
        Orthogonal("discriminator")(play_of(first, x, x))


class Scaled(keras.layers.Layer):
    """A layer with a gain for each class, which no input is multiplied by as a matrix."""

    def build(self, shape: Any) -> None:
        self.gain = self.add_weight(name="gain", shape=(4, shape[-1]))

    def call(self, x: Any) -> Any:
        return x * self.gain[0]


def test_orthogonal_leaves_gains_of_classes_alone() -> None:
    dense = keras.layers.Dense(2, use_bias=False, kernel_initializer="identity")
    network = keras.Sequential([keras.Input((2,)), dense, Scaled()])
    x = points((1.0, 2.0))
    assert Orthogonal("discriminator", 1.0, True)(play_of(network, x, x)).numpy() == [0.0]


def test_smoothing_is_refused_where_logits_are_no_log_odds() -> None:
    class Scores(Loss):
        def discriminator(self, real: Any, fake: Any) -> tf.Tensor:
            return fake.logits - real.logits

        def generator(self, real: Any, fake: Any) -> tf.Tensor:
            return -fake.logits

    generator, judge = (
        keras.Sequential([keras.Input((size,)), keras.layers.Dense(3 - size)]) for size in (1, 2)
    )
    with pytest.raises(UsageError, match=r"LabelSmoothing .* by Scores they are none"):
        AdversarialGame(generator, judge, loss=Scores(), penalties=[LabelSmoothing()])


def test_smoothing_is_the_cross_entropy_with_a_softer_label() -> None:
    x = points((-3.0,), (0.5,), (20.0,))
    play = play_of(first, x, x)
    logistic = tf.math.softplus(-play.real.logits)
    label = tf.fill([3], 0.8)
    expected = tf.nn.sigmoid_cross_entropy_with_logits(label, play.real.logits)
    ours = logistic + LabelSmoothing(0.2)(play)
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_smoothing_of_patches_is_their_mean() -> None:
    x = points((1.0, 3.0))
    play = play_of(lambda x: x[:, :, None], x, x)
    np.testing.assert_allclose(LabelSmoothing(0.5)(play), [1.0])
