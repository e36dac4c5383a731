"""Each loss against values worked out by hand, and against what its paper says of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from advnets_losses.began import Began
from advnets_losses.boundary_seeking import BoundarySeeking
from advnets_losses.cramer import Cramer
from advnets_losses.f_gan import TABLE, FGan
from advnets_losses.feature_matching import FeatureMatching
from advnets_losses.hinge import Hinge
from advnets_losses.least_squares import LeastSquares
from advnets_losses.symmetric import Symmetric
from scipy.optimize import minimize
from scipy.stats import norm

from advnets.game import NonSaturating, Side

Density = Callable[[np.ndarray], np.ndarray]


def said(*logits: float) -> Side:
    return Side(tf.constant(logits, tf.float32))


def energies(*values: float) -> Side:
    return Side({"energy": tf.constant(values, tf.float32)})


def features(rows: list[list[float]]) -> Side:
    return Side({"logits": tf.zeros([len(rows)]), "features": tf.constant(rows, tf.float32)})


def test_least_squares_with_the_labels_of_equation_9() -> None:
    loss = LeastSquares(a=-1.0, b=1.0, c=0.0)
    np.testing.assert_allclose(loss.discriminator(said(3.0), said(2.0)), [2.0 + 4.5])
    np.testing.assert_allclose(loss.generator(said(), said(2.0, -4.0)), [2.0, 8.0])


def test_the_hinge_stops_at_its_margin_for_d_and_never_for_g() -> None:
    loss = Hinge(margin=2.0)
    np.testing.assert_allclose(loss.discriminator(said(5.0, 1.5), said(-7.0, 1.0)), [0.0, 3.5])
    np.testing.assert_allclose(loss.generator(said(), said(-3.0)), [3.0])


def test_began_holds_k_in_its_bounds_and_logs_the_measure_of_convergence() -> None:
    loss = Began(gamma=0.5, rate=0.1)
    loss.update(energies(2.0, 6.0), energies(1.0, 3.0))  # γ · 4 − 2 = 0
    assert float(loss.k) == 0.0
    loss.update(energies(8.0), energies(1.0))  # 0.1 (4 − 1)
    assert float(loss.k) == pytest.approx(0.3)
    np.testing.assert_allclose(loss.discriminator(energies(8.0), energies(1.0)), [7.7], rtol=1e-6)
    seen = loss.observe(energies(8.0), energies(1.0))
    assert float(seen["convergence"][0]) == pytest.approx(8 + 3)
    loss.update(energies(1000.0), energies(0.0))
    assert float(loss.k) == 1.0
    loss.update(energies(0.0), energies(1000.0))
    assert float(loss.k) == 0.0


def test_a_boundary_seeker_stays_where_d_cannot_decide() -> None:
    loss, c = BoundarySeeking(), tf.constant([0.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(c)
        value = loss.generator(Side(), Side(c))
    np.testing.assert_allclose(value, [0.0, 2.0])
    np.testing.assert_allclose(tape.gradient(value, c), [0.0, 2.0])


def test_the_symmetric_loss_is_non_saturating_and_looks_at_real_examples_too() -> None:
    real, fake = said(1.0), said(-2.0)
    expected = np.log1p(np.exp(2.0)) + np.log1p(np.exp(1.0))
    np.testing.assert_allclose(Symmetric().generator(real, fake), [expected], rtol=1e-6)
    ours, theirs = (one.discriminator(real, fake) for one in (Symmetric(), NonSaturating()))
    np.testing.assert_allclose(ours, theirs)


def test_matched_features_are_matched_on_average_only() -> None:
    loss = FeatureMatching()
    real, fake = features([[1.0, 1.0], [3.0, -1.0]]), features([[2.0, 0.0], [2.0, 0.0]])
    np.testing.assert_allclose(loss.generator(real, fake), [0.0, 0.0])
    fake = features([[2.0, 3.0], [0.0, 0.0]])
    np.testing.assert_allclose(loss.generator(real, fake), [1 + 1.5**2] * 2)


def test_the_energy_distance_by_its_definition() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(5, 3)), draw.normal(size=(5, 3)) + 1

    def mean_distance(a: np.ndarray, b: np.ndarray) -> float:
        apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
        return float(apart.sum() / (20 if a is b else 25))  # no example is paired with itself

    expected = 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)
    values = Cramer().generator(features(x.tolist()), features(y.tolist()))
    assert float(tf.reduce_mean(values)) == pytest.approx(expected, rel=1e-5)
    opposite = Cramer().discriminator(features(x.tolist()), features(y.tolist()))
    np.testing.assert_allclose(opposite, -values)


def test_the_energy_distance_has_a_gradient_where_examples_are_equal() -> None:
    same = tf.constant([[1.0, 2.0], [1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(same)
        value = Cramer().generator(Side({"features": same}), features([[1.0, 2.0], [0.0, 0.0]]))
    assert np.isfinite(tape.gradient(value, same)).all()


# f(u) of each divergence, and D_f in closed form of two normal densities by numerical integration
F: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gan": lambda u: u * np.log(u) - (u + 1) * np.log(u + 1),
    "jensen_shannon": lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
    "kl": lambda u: u * np.log(u),
    "reverse_kl": lambda u: -np.log(u),
    "pearson": lambda u: (u - 1) ** 2,
    "neyman": lambda u: (1 - u) ** 2 / u,
    "squared_hellinger": lambda u: (np.sqrt(u) - 1) ** 2,
}


@pytest.mark.parametrize("divergence", list(TABLE))
def test_the_bound_of_an_optimal_d_is_the_divergence(divergence: str) -> None:
    """With D's best v(x) at each of 61 points, −L_D is D_f(p‖q) = Σ q f(p/q)."""
    grid = np.linspace(-3, 3, 61)
    p, q = norm.pdf(grid, 0.3, 1.0), norm.pdf(grid, -0.2, 1.2)
    p, q = p / p.sum(), q / q.sum()
    activation, conjugate = TABLE[divergence]  # type: ignore[index]

    def bound(v: np.ndarray) -> tuple[float, np.ndarray]:
        values = tf.constant(v, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(values)
            said_of_p, said_of_q = activation(values), conjugate(values)
            total = tf.reduce_sum(q * said_of_q - p * said_of_p)
        return float(total), tape.gradient(total, values).numpy()

    found = minimize(bound, np.zeros(61), jac=True, method="L-BFGS-B", tol=1e-12)
    assert -found.fun == pytest.approx(float(np.sum(q * F[divergence](p / q))), abs=1e-4)


@pytest.mark.parametrize("divergence", list(TABLE))
def test_t_grows_with_ds_output_and_all_is_finite(divergence: str) -> None:
    activation, conjugate = TABLE[divergence]  # type: ignore[index]
    v = tf.constant([-1000.0, -20.5, -19.5, -1.0, 0.0, 1.0, 19.5, 20.5, 1000.0])
    assert np.isfinite(activation(v)).all()
    assert np.isfinite(conjugate(v)).all()
    assert (np.diff(activation(v)) >= 0).all()


def test_f_gan_of_the_games_own_divergence_is_the_minimax_game() -> None:
    real, fake = said(0.5, -3.0), said(2.0, -0.1)
    logistic = NonSaturating()
    for saturating in (False, True):
        loss = FGan("gan", saturating)
        ours = loss.discriminator(real, fake)
        np.testing.assert_allclose(ours, logistic.discriminator(real, fake), rtol=1e-6)
    np.testing.assert_allclose(FGan("gan").generator(real, fake), logistic.generator(real, fake))
    minimax = -np.log1p(np.exp(np.array([2.0, -0.1])))
    np.testing.assert_allclose(FGan("gan", True).generator(real, fake), minimax, rtol=1e-6)
    assert FGan("gan").log_odds
    assert not FGan("pearson").log_odds
