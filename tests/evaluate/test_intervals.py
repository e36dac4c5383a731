"""Intervals hold what they state: draws from known distributions, repeated, for every metric."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

from advnets.builtin.metrics import advnets_metrics
from advnets.data.sources import Ring
from advnets.evaluate import Data, MetricContext

METRICS = {component.name: component.target for component in advnets_metrics()}
MANY = 600
"""Repetitions in the slow tests."""
BEYOND = 1e-3
"""The chance that an interval that holds 95 % in truth lies outside of the band, on either side."""
ROOM = 0.02
"""By how much less an interval may hold where as few examples are drawn as here: most rest on a
normal approximation."""


def metric(name):
    module, _, attribute = METRICS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def as_they_are(what, wanted, examples):
    """Take the examples for their features."""
    return {"dimensions": 1} if examples is None else np.asarray(examples, np.float64)


def arrays(samples, source=None, extract=as_they_are, **splits):
    """A context of plain arrays, ``[n, d]`` each."""
    return MetricContext(
        samples=lambda n, seed, first=0: samples[first:n],
        data=Data(load=splits.__getitem__, splits=tuple(splits), source=source),
        extract=extract,
        seed=int(abs(samples).sum() * 1e6) % 2**31,
    )


@dataclass
class Case:
    """Draw examples, and know the true values.

    Attributes:
        name: The metric's.
        draw: From a generator of random numbers to a context.
        true: From a score's name to its true value, a number or a function of the score's
            protocol; names that are left out have the mean over all repetitions for theirs:
            what is biased holds the mean at these counts.
        parameters: The metric's.
        safe: Names whose intervals are wider than they need be, as their docstring says.
        few: Repetitions in every run of the tests.
    """

    name: str
    draw: Callable[[np.random.Generator], MetricContext]
    true: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    safe: tuple[str, ...] = ()
    few: int = 100


def against(n, shift, d=1, scale=1.0, **more):
    """Samples of N(shift, scale²) and as many real examples of N(0, 1)."""
    return lambda draw: arrays(draw.normal(shift, scale, (n, d)), test=draw.normal(size=(n, d)))


def kernel_distance(mean_kernel, shift):
    """Twice E k(X, X′) − E k(X, Y), of equal distributions that are apart."""
    return 2 * (mean_kernel(0.0) - mean_kernel(shift))


def absolute(shift):
    """E|N(shift, 2)|."""
    s = math.sqrt(2)
    folded = s * math.sqrt(2 / math.pi) * math.exp(-(shift**2) / (2 * s**2))
    return folded + shift * (1 - 2 * norm.cdf(-shift / s))


def gaussian_mmd(protocol, shift=0.5):
    (sigma,) = protocol["bandwidths"]
    width = sigma**2 + 2
    return kernel_distance(
        lambda apart: sigma / math.sqrt(width) * math.exp(-(apart**2) / (2 * width)), shift
    )


def cubic(a, b, d=4):
    """E (x·y/d + 1)³ of N(a, 1) and N(b, 1) in each of d dimensions, by the cumulants of xy."""
    m1, m2, m3 = a * b, (1 + a**2) * (1 + b**2), (a**3 + 3 * a) * (b**3 + 3 * b)
    k1, k2, k3 = d * m1, d * (m2 - m1**2), d * (m3 - 3 * m2 * m1 + 2 * m1**3)
    s1, s2, s3 = k1, k2 + k1**2, k3 + 3 * k2 * k1 + k1**3
    return s3 / d**3 + 3 * s2 / d**2 + 3 * s1 / d + 1


KID = cubic(0.5, 0.5) + cubic(0.0, 0.0) - 2 * cubic(0.5, 0.0)


def copied(share, n=150, d=2):
    """Of the samples that share repeats training examples, the others are fresh."""

    def draw(random):
        train, test, fresh = (random.normal(size=(n, d)) for _ in range(3))
        repeated = train[random.integers(n, size=n)]
        samples = np.where(random.random((n, 1)) < share, repeated, fresh)
        return arrays(samples, train=train, test=test)

    return draw


def likelihood(protocol):
    """E log p̂ under N(0, 1), of the samples that were drawn last."""
    x = np.linspace(-5, 5, 401)
    apart = (x[:, None] - LAST["samples"][:, 0]) / protocol["sigma"]
    density = norm.pdf(apart).mean(axis=1) / protocol["sigma"]
    weights = norm.pdf(x)
    return float(weights @ np.log(density) / weights.sum())


LAST: dict[str, np.ndarray] = {}


def kernel_density(random):
    LAST["samples"] = random.normal(size=(60, 1))
    return arrays(
        LAST["samples"], validation=random.normal(size=(40, 1)), test=random.normal(size=(200, 1))
    )


UNEVEN = np.array([0.4, 0.3, 0.2, 0.06, 0.02, 0.012, 0.008, 0.0])


RING = Ring()


def on_the_ring(random, samples=200):
    """Samples of eight modes, some of them rare, 5 % of the samples far from any."""
    points = RING.modes()[random.choice(8, samples, p=UNEVEN)]
    points = points * np.where(random.random((samples, 1)) < 0.05, 3.0, 1.0)
    return arrays(points, source=RING)


def opinions(random, samples=300):
    logits = 2 * random.normal(size=(samples, 5)) + np.array([1, 0, 0, 0, -1])
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    return arrays(
        np.arange(samples)[:, None],
        extract=lambda what, _, examples: (
            {"dimensions": 5} if examples is None else p[examples[:, 0].astype(int)]
        ),
    )


COUNTS = {"samples": 300}
CASES = [
    Case("parzen", kernel_density, {"parzen": likelihood}, {"samples": 60, "sigmas": 4}, few=40),
    Case("fid", against(200, 0.6, 2, 1.3), {"fid": 2 * (0.6**2 + 0.3**2)}, {"samples": 200}),
    Case(
        "kid",
        against(200, 0.5, 4),
        {"kid": KID, "kid_subsets": KID},
        {"samples": 200, "subsets": 10, "subset_size": 80},
        few=40,
    ),
    Case("mmd", against(300, 0.5), {"mmd": gaussian_mmd}, COUNTS, few=40),
    Case(
        "energy_distance",
        against(300, 0.5),
        {"energy_distance": 2 * (absolute(0.5) - absolute(0.0))},
        COUNTS,
        few=40,
    ),
    Case(
        "sliced_wasserstein",
        against(200, 1.0, 2),
        {"sliced_wasserstein": 1.0},
        {"samples": 200, "projections": 30},
    ),
    Case(
        "classifier_two_sample",
        against(200, 2.0),
        {"classifier_two_sample": norm.cdf(1.0)},
        {"samples": 200, "classifier": "logistic"},
    ),
    Case(
        "prdc",
        against(100, 0.6, 2, 0.8),
        parameters={"samples": 100, "k": 3},
        safe=("precision", "recall", "density", "coverage"),
    ),
    Case(
        "inception_score",
        opinions,
        parameters={"samples": 300, "splits": 3, "resamples": 60},
        few=40,
    ),
    Case(
        "modes",
        on_the_ring,
        {"modes": float(np.sum(1 - (1 - 0.95 * UNEVEN) ** 200)), "high_quality": 0.95},
        {"samples": 200},
        safe=("modes",),
    ),
    Case(
        "duplicates",
        lambda random: arrays(random.normal(size=(200, 2)), train=random.normal(size=(200, 2))),
        {"duplicates": 0.05},
        {"samples": 200, "quantile": 0.05},
    ),
    Case(
        "memorisation",
        copied(0.0),
        {"memorisation": 0.0, "nearer_to_training": 0.5},
        {"samples": 150},
    ),
    Case(
        "memorisation",
        copied(0.3),
        {"memorisation": 0.3, "nearer_to_training": 0.65},
        {"samples": 150},
    ),
]


def play(case: Case, times: int) -> dict[str, np.ndarray]:
    """Measure again and again: value, low, high and the true value of each, by the score's name."""
    compute, found = metric(case.name), {}
    features = {} if case.name in ("parzen", "modes", "inception_score") else {"features": "pixels"}
    for seed in range(times):
        context = case.draw(np.random.default_rng(seed))
        for score in compute(context, **features, **case.parameters):
            true = case.true.get(score.metric, math.nan)
            true = true(score.protocol) if callable(true) else true
            row = (score.value, *score.protocol["interval"], true)
            found.setdefault(score.metric, []).append(row)
    return {name: np.array(rows) for name, rows in found.items()}


def count_held(rows: np.ndarray) -> int:
    value, low, high, true = rows.T
    true = np.where(np.isnan(true), value.mean(), true)
    return int(((low - 1e-9 <= true) & (true <= high + 1e-9)).sum())


def check(case: Case, times: int) -> None:
    for name, rows in play(case, times).items():
        held = count_held(rows)
        assert held >= binom.ppf(BEYOND, times, 0.95 - ROOM), f"{name}: {held} of {times}"
        if name not in case.safe:
            most = binom.ppf(1 - BEYOND, times, 0.95 + ROOM)
            assert held <= most, f"{name}: {held} of {times}"
        assert (rows[:, 1] <= rows[:, 0]).all()
        assert (rows[:, 0] <= rows[:, 2]).all()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_intervals_hold_the_true_value(case):
    check(case, case.few)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_intervals_hold_it_in_95_percent(case):
    check(case, MANY)


def test_every_metric_is_among_them():
    assert {case.name for case in CASES} == METRICS.keys()


def mean_and_error(case: Case, name: str, times: int = 40) -> tuple[float, float]:
    values = play(case, times)[name][:, 0]
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(times))


def even(random, samples=60):
    """Sure of each sample, and of eight classes each as often as the others."""
    p = np.eye(8)[random.integers(8, size=samples)]
    return arrays(
        np.arange(samples)[:, None],
        extract=lambda what, _, examples: (
            {"dimensions": 8} if examples is None else p[examples[:, 0].astype(int)]
        ),
    )


EQUAL = {"samples": 30}
BIASED = [
    (Case("fid", against(30, 0.0, 3), parameters=EQUAL), "fid", 0.0, "too high"),
    (
        Case("sliced_wasserstein", against(30, 0.0, 3), parameters=EQUAL | {"projections": 10}),
        *("sliced_wasserstein", 0.0, "too high"),
    ),
    (Case("modes", even, parameters={"samples": 60}), "reverse_kl", 0.0, "too high"),
    *(
        (
            Case("inception_score", even, parameters={"samples": 60, "splits": 2, "resamples": 2}),
            *(name, true, "too low"),
        )
        for name, true in (("inception_score", 8.0), ("log_inception_score", math.log(8)))
    ),
]


@pytest.mark.parametrize(("case", "name", "true", "how"), BIASED, ids=lambda x: str(x)[:24])
def test_what_is_biased_says_so(case, name, true, how):
    value, error = mean_and_error(case, name)
    assert (value - true) / error * (1 if how == "too high" else -1) > 5
    (score,) = (
        score
        for score in metric(case.name)(
            case.draw(np.random.default_rng(0)),
            **case.parameters,
            **({} if case.name in ("modes", "inception_score") else {"features": "pixels"}),
        )
        if score.metric == name
    )
    assert score.protocol["bias"].startswith(how)


@pytest.mark.parametrize("name", ["parzen", "prdc"])
def test_what_depends_on_the_numbers_says_so(name):
    case = next(case for case in CASES if case.name == name)
    features = {"features": "pixels"} if name == "prdc" else {}
    for score in metric(name)(case.draw(np.random.default_rng(0)), **features, **case.parameters):
        assert "number" in score.protocol["bias"]
