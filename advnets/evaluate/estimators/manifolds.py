"""Build balls around examples that reach to their nearest neighbours, and see who lies in them.

The union of the balls stands for the support of a distribution. Errors come from the
jackknife over groups of examples: the bootstrap would repeat examples, and the balls of
repeated ones shrink to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import DataError
from ..per_example import per_example
from .pairs import BLOCK, squared_distances

SPARE = 20
"""Neighbours kept beyond the k nearest, some of which may be in the group that is left out."""


@dataclass(frozen=True)
class Balls:
    """Hold a ball around each of n points, and what it would be without each group of points.

    Attributes:
        points: float64 ``[n, d]``.
        group: Which of G groups a point is in, int ``[n]``.
        radii: Squared radii, float64 ``[G + 1, n]``: the first row with all points, row 1 + g
            with group g left out, −1 for the balls of its own points.
    """

    points: np.ndarray
    group: np.ndarray
    radii: np.ndarray


def build_balls(
    points: np.ndarray,
    k: int,
    groups: int,
    seed: int,
    spread: Callable[..., np.ndarray] = per_example,
) -> Balls:
    """Build the balls that reach to each point's k-th nearest neighbour among the others.

    Args:
        points: ``[n, d]``.
        k: Which neighbour.
        groups: G; each point is in one, at random.
        seed: Of that choice.
        spread: Computes values for each point.

    Raises:
        DataError: If there are too few points to leave a group out.

    >>> found = build_balls(np.array([[0.0], [1.0], [3.0], [7.0]]), k=1, groups=2, seed=0)
    >>> found.radii[0].round(6)
    array([ 1.,  1.,  4., 16.])
    """
    n = len(points)
    least = n - -(-n // groups) - 1
    if n < groups or least < k:
        raise DataError(
            f"{n} examples are too few for {k} neighbours with one of {groups} groups left out"
        )
    group = np.random.Generator(np.random.Philox(seed)).permutation(n) % groups
    kept = min(n - 1, k + SPARE)
    table = spread(find_neighbours, np.arange(n), points, kept, at_once=max(1, BLOCK // n))
    squares, whose = table[:, 0], group[table[:, 1].astype(int)]
    radii = np.empty((groups + 1, n))
    radii[0] = squares[:, k - 1]
    for g in range(groups):
        # The k-th of those that stay; the farthest that is kept, should there be fewer.
        position = (np.cumsum(whose != g, axis=1) >= k).argmax(axis=1)
        position[(whose != g).sum(axis=1) < k] = kept - 1
        radii[1 + g] = np.where(group == g, -1.0, squares[np.arange(n), position])
    # A point on the surface is inside, whatever its last digits.
    slack = 1e-12 * float(np.var(points, axis=0).sum())
    return Balls(points, group, np.where(radii < 0, -1.0, radii * (1 + 1e-9) + slack))


def find_neighbours(indices: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    """Find the nearest other points of some points.

    Args:
        indices: Which points, int ``[m]``.
        points: All points, ``[n, d]``.
        count: How many neighbours of each.

    Returns:
        float64 ``[m, 2, count]``: squared distances, ascending, and whose they are.

    >>> find_neighbours(np.array([0]), np.array([[0.0], [3.0], [1.0]]), 2)
    array([[[1., 9.],
            [2., 1.]]])
    """
    indices = np.asarray(indices, int)
    distances = squared_distances(points[indices], points)
    rows = np.arange(len(indices))[:, None]
    distances[rows[:, 0], indices] = np.inf
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    nearest = nearest[rows, np.argsort(distances[rows, nearest], axis=1, kind="stable")]
    return np.stack([distances[rows, nearest], nearest], axis=1)


def count_containing(x: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Count the balls in which each of some points lies.

    Args:
        x: ``[m, d]``.
        centres: ``[n, d]``.
        radii: Squared, ``[R, n]``, for R sets of balls around the same centres.

    Returns:
        float64 ``[m, R]``.

    >>> count_containing(np.array([[0.5]]), np.array([[0.0], [1.0]]), np.array([[1.0, 0.01]]))
    array([[1.]])
    """
    distances = squared_distances(x, centres)
    # Few pairs are near enough for any of the sets; only these are looked at for each.
    rows, columns = np.nonzero(distances <= radii.max(axis=0))
    near = distances[rows, columns]
    found = [np.bincount(rows[near <= of[columns]], minlength=len(x)) for of in radii]
    return np.stack(found, axis=1).astype(np.float64)


def nearest_by_group(x: np.ndarray, others: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Compute the squared distance of each point to the nearest of each group of other points.

    Args:
        x: ``[m, d]``.
        others: ``[n, d]``.
        group: int ``[n]``, from 0 to G − 1, none of them empty.

    Returns:
        float64 ``[m, G]``.

    >>> nearest_by_group(np.array([[0.0]]), np.array([[1.0], [3.0], [2.0]]), np.array([0, 1, 0]))
    array([[1., 9.]])
    """
    order = np.argsort(group, kind="stable")
    distances = squared_distances(x, others[order])
    starts = np.searchsorted(group[order], np.arange(group.max() + 1))
    return np.minimum.reduceat(distances, starts, axis=1)
