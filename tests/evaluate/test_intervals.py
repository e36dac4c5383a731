"""Intervals hold what they state: draws from known distributions, repeated, for every metric."""

from __future__ import annotations

import math

import numpy as np
import pytest
from interval_cases import CASES, Case, count_held, play
from known_draws import METRICS, against, arrays, metric
from scipy.stats import binom

MANY = 600
"""Repetitions in the slow tests."""
BEYOND = 1e-3
"""The chance that an interval that holds 95 % in truth lies outside of the band, on either side."""
ROOM = 0.02
"""By how much less an interval may hold where as few examples are drawn as here: most rest on a
normal approximation."""


def check(case: Case, times: int) -> None:
    for name, rows in play(case, times).items():
        held = count_held(rows)
        assert held >= binom.ppf(BEYOND, times, 0.95 - ROOM), f"{name}: {held} of {times}"
        if name not in case.safe:
            most = binom.ppf(1 - BEYOND, times, 0.95 + ROOM)
            assert held <= most, f"{name}: {held} of {times}"
        assert (rows[:, 1] <= rows[:, 0]).all()
        assert (rows[:, 0] <= rows[:, 2]).all()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.what}")
def test_intervals_hold_the_true_value(case):
    check(case, case.few)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.what}")
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
    (Case("fid", "", against(30, 0.0, 3), parameters=EQUAL), "fid", 0.0, "too high"),
    (
        Case("sliced_wasserstein", "", against(30, 0.0, 3), parameters=EQUAL | {"projections": 10}),
        *("sliced_wasserstein", 0.0, "too high"),
    ),
    (Case("modes", "", even, parameters={"samples": 60}), "reverse_kl", 0.0, "too high"),
    *(
        (
            Case(
                "inception_score", "", even, parameters={"samples": 60, "splits": 2, "resamples": 2}
            ),
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
