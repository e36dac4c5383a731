"""Compute distances and kernels between all pairs of two sets of vectors, in blocks of rows.

All are computed from one float64 matrix product, which is many times faster than a
difference for each pair and loses digits only where two vectors nearly agree: a squared
distance is good to about 1e-16 of the squared norms, so that of two equal vectors may be
1e-13 instead of 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

BLOCK = 2**23
"""Pairs held at a time: 64 MiB of float64."""
COLUMNS = 4_096
"""Vectors copied at a time."""


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute ‖x_i − y_j‖² for all pairs.

    Args:
        x: ``[m, d]``.
        y: ``[n, d]``.

    Returns:
        float64 ``[m, n]``, never negative.

    >>> squared_distances(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 3.0]]))
    array([[25.,  1.]])
    """
    offset = np.mean(y, axis=0, dtype=np.float64)  # in common, it would cost digits
    x = x - offset
    found = np.empty((len(x), len(y)))
    for start in range(0, len(y), COLUMNS):
        part = y[start : start + COLUMNS] - offset
        block = found[:, start : start + COLUMNS]
        np.matmul(x, part.T, out=block)
        block *= -2.0
        block += np.einsum("nd,nd->n", part, part)
    found += np.einsum("md,md->m", x, x)[:, None]
    return np.maximum(found, 0.0, out=found)


def polynomial(
    x: np.ndarray, y: np.ndarray, degree: int = 3, gamma: float | None = None, coef0: float = 1.0
) -> np.ndarray:
    """Compute (γ x·y + c)^degree; γ is 1/d by default, as for KID.

    >>> polynomial(np.array([[1.0, 1.0]]), np.array([[2.0, 0.0]]))
    array([[8.]])
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    found = x @ y.T
    found *= 1.0 / x.shape[1] if gamma is None else gamma
    found += coef0
    return found**degree


def gaussian(x: np.ndarray, y: np.ndarray, bandwidths: Sequence[float]) -> np.ndarray:
    """Compute the mean of exp(−‖x − y‖² / 2σ²) over the bandwidths σ.

    >>> gaussian(np.array([[0.0]]), np.array([[0.0], [2.0]]), [1.0]).round(6)
    array([[1.      , 0.135335]])
    """
    squares = squared_distances(x, y)
    found, scratch = np.zeros_like(squares), np.empty_like(squares)
    for sigma in bandwidths:
        np.multiply(squares, -0.5 / sigma**2, out=scratch)
        found += np.exp(scratch, out=scratch)
    return found / len(bandwidths)


def negative_distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute −‖x − y‖, the kernel of the energy distance.

    >>> negative_distance(np.array([[0.0]]), np.array([[2.0]]))
    array([[-2.]])
    """
    found = np.sqrt(squared_distances(x, y))
    return np.negative(found, out=found)


KERNELS: dict[str, Callable[..., np.ndarray]] = {
    "polynomial": polynomial,
    "gaussian": gaussian,
    "negative_distance": negative_distance,
}
"""By name, so that other workers find them."""


def kernel_sums(
    x: np.ndarray, y: np.ndarray, kernel: str, *parameters: object, block: int = BLOCK
) -> np.ndarray:
    """Compute Σ_j k(x_i, y_j) and Σ_j k(x_i, y_j)² for each i.

    :meth:`MetricContext.per_example` computes it in shares.

    Args:
        x: ``[m, d]``.
        y: ``[n, d]``.
        kernel: A name in :data:`KERNELS`.
        *parameters: The kernel's own.
        block: Pairs held in memory at a time.

    Returns:
        float64 ``[m, 2]``: the sums, and the sums of squares.

    >>> kernel_sums(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), "negative_distance")
    array([[-4., 10.],
           [-2.,  4.]])
    """
    rows = max(1, block // max(1, len(y)))
    result = np.empty((len(x), 2))
    for start in range(0, len(x), rows):
        values = KERNELS[kernel](x[start : start + rows], y, *parameters)
        result[start : start + rows, 0] = values.sum(axis=1)
        result[start : start + rows, 1] = np.einsum("mn,mn->m", values, values)
    return result


def self_kernel(x: np.ndarray, kernel: str, *parameters: object) -> np.ndarray:
    """Compute k(x_i, x_i) for each i, ``[n]``.

    >>> self_kernel(np.array([[0.0, 2.0], [1.0, 1.0]]), "polynomial")
    array([27.,  8.])
    """
    found = [KERNELS[kernel](x[i : i + 1], x[i : i + 1], *parameters)[0, 0] for i in range(len(x))]
    return np.array(found)
