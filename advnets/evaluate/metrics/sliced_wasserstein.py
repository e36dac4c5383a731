"""Measure the sliced Wasserstein distance: optimal transport along random directions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...builtin.metrics import SlicedWassersteinParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import Interval, normal_interval
from ..features import Wanted
from ..per_example import per_example
from ..score import Score
from .real_and_generated import real_and_generated

AT_ONCE = 50
"""Directions whose potentials are held at a time."""


@validated_by(SlicedWassersteinParameters)
def sliced_wasserstein(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
    projections: int = 500,
    p: int = 2,
) -> list[Score]:
    r"""Compute the p-Wasserstein distance of projections, in the p-mean over random directions.

    .. math:: \Big( E_θ W_p^p(θ \cdot X, θ \cdot Y) \Big)^{1/p}

    Lower is better. On a line optimal transport is exact and cheap: it sorts both samples.
    The estimate is too high by an amount that falls with the number of examples.

    Args:
        context: Samples and data.
        features: What is projected; for vectors ``pixels`` by default.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.
        projections: Number of directions, uniform on the sphere, drawn from the context's seed.
        p: 1 or 2.

    Returns:
        One score, in the unit of a distance. Its error is that of the examples and that of the
        directions, ``projections_error`` in the protocol; the interval holds the mean over draws
        of as many examples.

    Source: Bonneel et al. 2015; the error: del Barrio and Loubes 2019, for slices Manole et
    al. 2022.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    directions = random_directions(projections, real.shape[1], context.seed)
    value, interval, among = sliced_distance(
        real, generated, directions, p, spread=context.per_example
    )
    interval = normal_interval(value, math.hypot(interval.error, among), least=0.0)
    protocol = context.protocol(
        better="lower",
        unit="distance in features",
        **described,
        p=p,
        projections=projections,
        projections_error=among,
        outcomes=["projections_error"],
        bias="too high, by an amount that falls with the number of examples",
        error="delta method, by Kantorovich potentials, and that of the directions' mean",
        **interval.protocol(),
    )
    return [Score("sliced_wasserstein", value, interval.error, protocol)]


def random_directions(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Draw unit vectors, uniform on the sphere, float64 ``[count, dimensions]``.

    >>> np.linalg.norm(random_directions(2, 3, seed=0), axis=1).round(12)
    array([1., 1.])
    """
    drawn = np.random.Generator(np.random.Philox(seed)).normal(size=(count, dimensions))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def sliced_distance(
    x: np.ndarray,
    y: np.ndarray,
    directions: np.ndarray,
    p: int,
    spread: Callable[..., np.ndarray] = per_example,
) -> tuple[float, Interval, float]:
    r"""Compute the distance along given directions, and its standard errors.

    Kantorovich's potentials φ and ψ say what an example costs: W_p^p is the mean of φ(x)
    plus that of ψ(y), and to first order only these means vary with the examples. So its
    variance is Var φ̄(x)/n + Var ψ̄(y)/m, potentials averaged over directions.

    Args:
        x: ``[n, d]``.
        y: ``[m, d]``.
        directions: Unit vectors, ``[L, d]``.
        p: 1 or 2.
        spread: Computes values for each direction.

    Returns:
        The distance, its interval, and the standard error from the choice of directions.

    Raises:
        DataError: If there are fewer than three examples on either side.

    >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([[2.0], [3.0], [4.0]])
    >>> sliced_distance(x, y, np.array([[1.0]]), 2)[0]
    2.0
    """
    if min(len(x), len(y)) < 3:
        raise DataError(f"{len(x)} and {len(y)} examples: an error needs at least three")
    costs: list[np.ndarray] = []
    potentials = np.zeros(len(x) + len(y))
    for start in range(0, len(directions), AT_ONCE):
        found = spread(transport_along, directions[start : start + AT_ONCE], x, y, p, at_once=8)
        costs.append(found[:, 0])
        potentials += found[:, 1:].sum(axis=0)
    cost = np.concatenate(costs)
    potentials /= len(cost)
    first, second = potentials[: len(x)], potentials[len(x) :]
    variance = first.var(ddof=1) / len(x) + second.var(ddof=1) / len(y)
    mean = float(cost.mean())
    value = mean ** (1 / p)
    # d(c^(1/p)) = c^(1/p) dc / (p c); where nothing needs to move there is no error either.
    slope = value / (p * mean) if mean > 0 else 0.0
    among = float(cost.std(ddof=1)) / math.sqrt(len(cost)) if len(cost) > 1 else 0.0
    return value, normal_interval(value, slope * math.sqrt(variance), least=0.0), slope * among


def transport_along(directions: np.ndarray, x: np.ndarray, y: np.ndarray, p: int) -> np.ndarray:
    """Compute the optimal transport of projections: its cost and its potentials.

    Args:
        directions: ``[L, d]``.
        x: ``[n, d]``.
        y: ``[m, d]``.
        p: The cost is |a − b|^p.

    Returns:
        float64 ``[L, 1 + n + m]``: W_p^p, φ(x_1) … φ(x_n), ψ(y_1) … ψ(y_m), where the mean of
        φ plus the mean of ψ is W_p^p.

    >>> found = transport_along(np.ones((1, 1)), np.array([[0.0], [4.0]]), np.array([[1.0]]), 1)
    >>> float(found[0, 0]), float(found[0, 1:3].mean() + found[0, 3])
    (2.0, 2.0)
    """
    i, j, mass = staircase(len(x), len(y))
    # One step of the staircase moves one of both; their potentials change by what it costs.
    moves_x = np.flatnonzero(np.diff(i)) + 1
    moves_y = np.flatnonzero(np.diff(j)) + 1
    result = np.empty((len(directions), 1 + len(x) + len(y)))
    for row, (along_x, along_y) in enumerate(zip(directions @ x.T, directions @ y.T, strict=True)):
        order_x, order_y = np.argsort(along_x, kind="stable"), np.argsort(along_y, kind="stable")
        cost = np.abs(along_x[order_x][i] - along_y[order_y][j]) ** p
        steps = np.diff(cost)
        phi = np.concatenate([[0.0], np.cumsum(steps[moves_x - 1])])
        psi = cost[0] + np.concatenate([[0.0], np.cumsum(steps[moves_y - 1])])
        result[row, 0] = cost @ mass
        result[row, 1 + order_x] = phi
        result[row, 1 + len(x) + order_y] = psi
    return result


def staircase(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair n sorted points with m by optimal transport, and compute each pair's mass.

    Each step advances in one of both, so a step where both end at once has no mass.

    Returns:
        int ``[n + m - 1]`` twice and float64 ``[n + m - 1]``, the masses adding up to 1.

    >>> staircase(2, 2)
    (array([0, 1, 1]), array([0, 0, 1]), array([0.5, 0. , 0.5]))
    """
    ends = np.concatenate([np.arange(1, n) * m, np.arange(1, m) * n])  # in units of 1/(nm)
    of_x = np.concatenate([np.ones(n - 1, int), np.zeros(m - 1, int)])
    order = np.argsort(ends, kind="stable")
    levels = np.concatenate([[0], ends[order], [n * m]])
    i = np.concatenate([[0], np.cumsum(of_x[order])])
    j = np.concatenate([[0], np.cumsum(1 - of_x[order])])
    return i, j, np.diff(levels) / (n * m)
