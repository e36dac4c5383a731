"""Find the nearest of a set of vectors to each vector of another set."""

from __future__ import annotations

import numpy as np

from .pairs import BLOCK, squared_distances


def find_nearest(x: np.ndarray, y: np.ndarray, skip: int = 0, block: int = BLOCK) -> np.ndarray:
    """Find the nearest vector's index and distance, for :meth:`MetricContext.per_example`.

    Args:
        x: ``[m, d]``.
        y: ``[n, d]``, n > skip.
        skip: How many nearer ones are passed over: 1 where ``x`` are among ``y``, so that each
            has itself for its nearest. Among equal distances the first index counts.
        block: Pairs held in memory at a time.

    Returns:
        float64 ``[m, 2]``: index into ``y``, Euclidean distance.

    >>> find_nearest(np.array([[0.0], [2.0]]), np.array([[0.0], [3.0]]))
    array([[0., 0.],
           [1., 1.]])
    >>> find_nearest(np.array([[0.0], [3.0]]), np.array([[0.0], [3.0]]), skip=1)[:, 1]
    array([3., 3.])
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    found = np.zeros((len(x), 2))
    rows = max(1, block // len(y))
    for start in range(0, len(x), rows):
        squares = squared_distances(x[start : start + rows], y)
        # The k-th least costs more than the least.
        index = np.argpartition(squares, skip)[:, skip] if skip else squares.argmin(axis=1)
        found[start : start + rows, 0] = index
        found[start : start + rows, 1] = np.take_along_axis(squares, index[:, None], 1)[:, 0]
    found[:, 1] = np.sqrt(found[:, 1])
    return found
