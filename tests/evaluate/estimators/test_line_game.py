"""The theory of games on the line, against integrals of closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtri, rel_entr

from advnets.data import DataSpec
from advnets.data.sources import Gaussian1d
from advnets.errors import DataError
from advnets.evaluate import Data, MetricContext, Players, Weights
from advnets.evaluate.estimators.line_game import BinnedGame, LineGame, line_game
from advnets.evaluate.metrics.theory import theory
from advnets.game import Gaussian, Prior


def normal(mean, deviation):
    def density(x):
        return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))

    return density


def game(mean=0.0, deviation=1.0, discriminator=lambda x: 0 * x, data=None, support=(-4, 4)):
    """p_data = N(0, 1), p_g = N(mean, deviation²)."""
    return LineGame(
        data or normal(0, 1), support, ndtri, lambda z: deviation * z + mean, discriminator
    )


def exact_jsd(mean, deviation):
    p, q = normal(0, 1), normal(mean, deviation)

    def integrand(x):
        middle = (p(x) + q(x)) / 2
        return sum(f(x) * math.log(f(x) / middle) / 2 for f in (p, q) if f(x) > 0)

    reach = 12 * max(1, deviation) + abs(mean)
    return quad(integrand, -reach, reach, points=[0, mean], limit=500, epsabs=1e-12)[0]


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (1.5, 1), (0, 0.3), (-2, 3), (0.1, 0.9)])
def test_jsd_and_criterion_of_two_gaussians(mean, deviation):
    found = game(mean, deviation).discretise()
    assert found.jsd == pytest.approx(exact_jsd(mean, deviation), abs=1e-6)
    assert found.criterion == pytest.approx(-math.log(4) + 2 * found.jsd, abs=1e-12)


def test_an_error_is_no_less_than_what_it_is_of():
    """Over repeated draws of p_g, with few bins: the number is no farther from the integral."""
    draw = np.random.default_rng(0)
    for _ in range(20):
        mean, deviation = draw.normal(), draw.uniform(0.3, 2.0)
        found = game(mean, deviation)
        value = found.discretise(2**9).jsd
        error = abs(value - found.discretise(2**8, stride=2).jsd)
        assert abs(value - exact_jsd(mean, deviation)) <= error + 1e-6


def test_at_the_solution_the_criterion_is_minus_log_4_and_the_best_d_is_one_half():
    found = game().discretise()
    assert found.criterion == pytest.approx(-math.log(4), abs=1e-8)
    dense = found.data > 1e-6
    np.testing.assert_allclose(found.optimal[dense], 0.5, atol=1e-5)


@pytest.mark.parametrize("mean", [50, -1e4])
def test_disjoint_densities_have_the_greatest_jsd(mean):
    found = game(mean, 0.1).discretise()
    assert found.jsd == pytest.approx(math.log(2), abs=1e-12)
    assert found.criterion == pytest.approx(0, abs=1e-12)
    assert found.generated.sum() == pytest.approx(1, abs=1e-9)  # far away, and still counted


def test_an_atom_is_as_far_away_as_disjoint_densities():
    assert game(0.5, 0.0).discretise(2**16).jsd == pytest.approx(math.log(2), abs=1e-3)


def test_with_the_best_d_the_value_is_the_criterion():
    def best(x):  # log p_data − log p_g
        return -(x**2) / 2 + (x - 1.5) ** 2 / 2

    found = game(1.5, discriminator=best).discretise()
    assert found.value == pytest.approx(found.criterion, abs=1e-6)
    assert found.gap >= 0
    assert found.discriminator_error < 1e-3


def test_the_value_of_an_undecided_d():
    found = game(1.5).discretise()
    assert found.value == pytest.approx(-math.log(4), abs=1e-8)
    assert found.gap == pytest.approx(2 * found.jsd, abs=1e-8)


def test_the_value_by_hand():
    """D = 3/4 below 0 and 1/4 above, p_data = N(0, 1), p_g far above."""
    found = game(9, 0.1, discriminator=lambda x: np.where(x < 0, 1, -1) * math.log(3)).discretise()
    by_hand = (math.log(3 / 4) + math.log(1 / 4)) / 2 + math.log(3 / 4)
    assert found.value == pytest.approx(by_hand, abs=1e-8)
    assert found.discriminator_error == pytest.approx(0.75, abs=1e-9)  # D* = 1, D = 1/4


def test_the_gap_is_the_divergence_between_the_best_d_and_d():
    found = game(0.7, 0.8, discriminator=lambda x: 0.3 - 0.5 * x).discretise()
    d, best = found.discriminator, found.optimal
    total = found.data + found.generated
    apart = rel_entr(best, d) + rel_entr(1 - best, 1 - d)
    assert found.gap == pytest.approx(total @ apart, abs=1e-9)


def test_a_density_that_is_narrow_or_wide_is_followed():
    narrow = game(data=normal(0, 1e-3), deviation=1e-3, support=(-4, 4)).discretise()
    assert narrow.data.sum() == pytest.approx(1, abs=1e-6)
    wide = game(data=normal(0, 300), deviation=300, support=(-1, 1)).discretise()
    assert wide.jsd == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("density", "message"),
    [(lambda x: 2 * normal(0, 1)(x), "integrates to 2"), (lambda x: x * np.nan, "finite number")],
)
def test_what_is_no_density_is_refused(density, message):
    with pytest.raises(DataError, match=message):
        game(data=density).discretise()


def test_a_critic_without_probabilities_has_no_value():
    numbers = game(1.0, discriminator=lambda x: None).discretise().numbers()
    assert sorted(numbers) == ["criterion", "jsd"]


def test_empty_bins_are_undecided():
    nobody = BinnedGame(np.arange(3.0), np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert nobody.optimal.tolist() == [0.5, 0.5]


def context(**more):
    """A solved game on N(4, 0.5²), with an undecided D."""
    source = Gaussian1d(examples=500, held_out=100)
    players = {
        "prior": Gaussian(1),
        "generator": lambda z: 0.5 * z + 4,
        "discriminator": lambda x: {"logits": 0 * x[:, 0], "probability": 0 * x[:, 0] + 0.5},
    }
    source = more.pop("source", source)
    data = Data() if source is None else Data.of(source)
    players = Players(**(players | more))
    return MetricContext(data=data, weights=Weights(step=7), players=players)


def test_the_metric():
    scores = {score.metric: score for score in theory(context())}
    assert sorted(scores) == [
        *("theory_criterion", "theory_discriminator_error", "theory_gap", "theory_jsd"),
        "theory_value",
    ]
    assert scores["theory_criterion"].value == pytest.approx(-math.log(4), abs=1e-7)
    assert scores["theory_value"].value == pytest.approx(-math.log(4), abs=1e-7)
    assert scores["theory_jsd"].value == pytest.approx(0, abs=1e-7)
    assert scores["theory_jsd"].error < 1e-6
    protocol = scores["theory_jsd"].protocol
    assert (protocol["unit"], protocol["better"], protocol["bins"]) == ("nats", "lower", 2**14)
    assert (protocol["step"], protocol["dataset"]) == (7, "gaussian_1d")


def test_the_metrics_error_is_larger_than_what_it_is_wrong_by():
    [jsd] = [
        score
        for score in theory(context(generator=lambda z: 0.25 * z + 4), bins=1024, cells=4096)
        if score.metric == "theory_jsd"
    ]
    exact = exact_jsd(0, 0.5)  # in units of the data's deviation
    assert 0 < abs(jsd.value - exact) < jsd.error < 1e-4


class Blind(Gaussian1d):
    log_density = property()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"prior": Gaussian(2)}, "latent.size=1"),
        ({"prior": Prior(1)}, "no quantile"),
        ({"source": Blind(examples=10, held_out=5)}, "has no log_density"),
        ({"source": None}, "not single numbers"),
        ({"generator": None}, "players"),
    ],
)
def test_other_games_are_refused(more, message):
    with pytest.raises(DataError, match=message):
        theory(context(**more))


def test_images_are_refused():
    class Pixels(Gaussian1d):
        spec = DataSpec((8, 8, 1), "float32", 0, 1, "image")

    with pytest.raises(DataError, match="8 × 8 × 1"):
        line_game(Pixels(), Gaussian(1), None, None)
