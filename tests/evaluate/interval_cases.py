"""Draws of which the true scores are known: one or more for each metric.

What `test_intervals.py` holds the intervals against, and `measure_coverage.py` measures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from known_draws import (
    KID,
    UNEVEN,
    absolute,
    against,
    arrays,
    copied,
    cubic_distance,
    gaussian_mmd,
    kernel_density,
    likelihood,
    metric,
    on_the_ring,
    opinions,
    student_energy,
)
from scipy.stats import norm

from advnets.evaluate import MetricContext


@dataclass
class Case:
    """Draw examples, and know the true values.

    Attributes:
        name: The metric's.
        what: What is drawn, in a few words, how many of it among them.
        draw: From a generator of random numbers to a context.
        true: From a score's name to its true value, a number or a function of the score's
            protocol; names that are left out have the mean over all repetitions for theirs:
            what is biased holds the mean at these counts.
        parameters: The metric's.
        safe: Names whose intervals are wider than they need be, as their docstring says.
        few: Repetitions in every run of the tests.
    """

    name: str
    what: str
    draw: Callable[[np.random.Generator], MetricContext]
    true: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    safe: tuple[str, ...] = ()
    few: int = 100


CASES = [
    Case(
        "parzen",
        "200 normal test examples",
        kernel_density,
        {"parzen": likelihood},
        {"samples": 60, "sigmas": 4},
        few=40,
    ),
    Case(
        "fid",
        "200 + 200, normal, apart",
        against(200, 0.6, 2, 1.3),
        {"fid": 2 * (0.6**2 + 0.3**2)},
        {"samples": 200},
    ),
    Case("fid", "30 + 30, normal, apart", against(30, 0.6, 2, 1.3), {}, {"samples": 30}),
    Case("fid", "100 + 100, normal, close", against(100, 0.2, 2), {}, {"samples": 100}, ("fid",)),
    Case("fid", "100 + 100, equal", against(100, 0.0, 2), {}, {"samples": 100}, ("fid",)),
    Case(
        "kid",
        "200 + 200, normal, apart",
        against(200, 0.5, 4),
        {"kid": KID, "kid_subsets": KID},
        {"samples": 200, "subsets": 10, "subset_size": 80},
        few=40,
    ),
    Case(
        "kid",
        "100 + 100 of one number, apart (its cube has heavy tails)",
        against(100, 0.5),
        {"kid": cubic_distance(0.5, 1)},
        {"samples": 100, "subsets": 0},
        ("kid",),
    ),
    Case(
        "kid",
        "30 + 30, normal, apart",
        against(30, 0.5, 4),
        {"kid": KID},
        {"samples": 30, "subsets": 0},
        ("kid",),
    ),
    Case(
        "kid",
        "100 + 100, equal",
        against(100, 0.0, 4),
        {"kid": 0.0},
        {"samples": 100, "subsets": 0},
        ("kid",),
    ),
    *(
        Case(
            "mmd",
            text,
            against(n, shift),
            {"mmd": true},
            {"samples": n},
            safe=() if shift else ("mmd",),
            few=few,
        )
        for text, n, shift, true, few in (
            ("300 + 300, normal, apart", 300, 0.5, gaussian_mmd, 20),
            ("100 + 100, normal, apart", 100, 0.5, gaussian_mmd, 60),
            ("30 + 30, normal, apart", 30, 0.5, gaussian_mmd, 100),
            ("100 + 100, equal", 100, 0.0, 0.0, 60),
        )
    ),
    *(
        Case(
            "energy_distance",
            text,
            against(n, shift),
            {"energy_distance": 2 * (absolute(shift) - absolute(0.0))},
            {"samples": n},
            safe=() if shift else ("energy_distance",),
            few=few,
        )
        for text, n, shift, few in (
            ("300 + 300, normal, apart", 300, 0.5, 20),
            ("100 + 100, normal, apart", 100, 0.5, 60),
            ("100 + 100, normal, close", 100, 0.2, 60),
            ("30 + 30, normal, apart", 30, 0.5, 100),
            ("100 + 100, equal", 100, 0.0, 60),
        )
    ),
    Case(
        "energy_distance",
        "100 + 100, Student's t with 3 degrees, apart",
        lambda random: arrays(
            0.5 + random.standard_t(3, (100, 1)), test=random.standard_t(3, (100, 1))
        ),
        {"energy_distance": student_energy(0.5, 3)},
        {"samples": 100},
        few=60,
    ),
    Case(
        "sliced_wasserstein",
        "200 + 200, normal, apart",
        against(200, 1.0, 2),
        {"sliced_wasserstein": 1.0},
        {"samples": 200, "projections": 30},
    ),
    Case(
        "sliced_wasserstein",
        "100 + 100, equal",
        against(100, 0.0, 2),
        {},
        {"samples": 100, "projections": 30},
        ("sliced_wasserstein",),
        few=40,
    ),
    Case(
        "classifier_two_sample",
        "200 + 200, normal, apart",
        against(200, 2.0),
        {"classifier_two_sample": norm.cdf(1.0)},
        {"samples": 200, "classifier": "logistic"},
    ),
    Case(
        "classifier_two_sample",
        "200 + 200, equal",
        against(200, 0.0),
        {"classifier_two_sample": 0.5},
        {"samples": 200, "classifier": "logistic"},
        few=40,
    ),
    *(
        Case(
            "prdc",
            text,
            against(100, shift, 2, scale),
            parameters={"samples": 100, "k": 3},
            safe=("precision", "recall", "density", "coverage"),
            few=few,
        )
        for text, shift, scale, few in (
            ("100 + 100, normal, apart", 0.6, 0.8, 60),
            ("100 + 100, equal", 0.0, 1.0, 40),
        )
    ),
    Case(
        "inception_score",
        "300 samples, five classes",
        opinions,
        parameters={"samples": 300, "splits": 3, "resamples": 60},
        few=40,
    ),
    Case(
        "modes",
        "200 samples of eight modes, 0 to 40 % each",
        on_the_ring,
        {
            "modes": float(np.sum(1 - (1 - 0.95 * UNEVEN) ** 200)),
            "high_quality": 0.95,
            "smallest_share": 0.0,
        },
        {"samples": 200},
        safe=("modes", "smallest_share"),
    ),
    Case(
        "duplicates",
        "200 + 200, equal",
        lambda random: arrays(random.normal(size=(200, 2)), train=random.normal(size=(200, 2))),
        {"duplicates": 0.05},
        {"samples": 200, "quantile": 0.05},
    ),
    Case(
        "memorisation",
        "150 fresh samples, 150 + 150 examples",
        copied(0.0),
        {"memorisation": 0.0, "nearer_to_training": 0.5},
        {"samples": 150},
    ),
    Case(
        "memorisation",
        "30 % copied, else the same",
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
