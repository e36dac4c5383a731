"""Compute means and covariances of any number of vectors, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

PART = 2_000
"""Rows that are centred at a time."""


@dataclass(frozen=True)
class Moments:
    """Hold count, mean and covariance of vectors.

    Attributes:
        count: How many there were.
        mean: float64 ``[d]``.
        scatter: Σ (x − mean)(x − mean)ᵀ, float64 ``[d, d]``.

    >>> moments_of(np.array([[0.0, 1.0], [2.0, 1.0]])).covariance
    array([[2., 0.],
           [0., 0.]])
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """The unbiased estimate, with n − 1."""
        return cast(np.ndarray, self.scatter / (self.count - 1))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both sets together, without looking at the vectors again.

        Source: Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance".
        """
        if 0 in (self.count, other.count):
            return self if self.count else other
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        between = np.outer(apart, apart) * (self.count * other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + between)


def moments_of(x: np.ndarray, part: int = PART) -> Moments:
    """Compute the moments of ``x``, ``[n, d]``, with a copy of ``part`` rows in memory at most."""
    found = Moments(0, np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1])))
    for start in range(0, len(x), part):
        rows = np.asarray(x[start : start + part], np.float64)
        mean = rows.mean(axis=0)
        centred = rows - mean
        found = found.merge(Moments(len(rows), mean, centred.T @ centred))
    return found
