r"""Estimate the squared distance of two distributions in a kernel's feature space.

.. math:: E\,k(X, X') + E\,k(Y, Y') - 2 E\,k(X, Y)

With a positive kernel that is the squared maximum mean discrepancy (KID and MMD), with
k = −‖x − y‖ the energy distance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import DataError
from ..per_example import per_example
from .interval import Interval, jackknife_error, normal_interval
from .pairs import kernel_sums, self_kernel


def discrepancy(
    x: np.ndarray,
    y: np.ndarray,
    kernel: str,
    *parameters: object,
    spread: Callable[..., np.ndarray] = per_example,
) -> tuple[float, Interval]:
    r"""Compute the unbiased estimate from two samples, with the jackknife's standard error.

    .. math:: \frac{\sum_{i \ne j} k(x_i, x_j)}{n(n-1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{m(m-1)}
              - \frac{2}{nm} \sum_{i,j} k(x_i, y_j)

    Its mean is exactly the quantity that it estimates, so that it falls below 0 as often as
    above where the distributions agree. All pairs are used. What leaving out one example
    makes of it follows from the kernel's sums over rows, so the jackknife is exact and costs
    nothing; where the distributions agree it overstates the error (by about √2).

    Args:
        x: ``[n, d]``, n ≥ 3.
        y: ``[m, d]``, m ≥ 3.
        kernel: A name in :data:`advnets.evaluate.estimators.pairs.KERNELS`.
        *parameters: The kernel's own.
        spread: Computes values for each example (:meth:`MetricContext.per_example`).

    Returns:
        The estimate, and its interval.

    Raises:
        DataError: If there are fewer than three examples on either side.

    Source: Gretton et al. 2012, lemma 6; the jackknife of U-statistics: Arvesen 1969.

    >>> x, y = np.array([[0.0], [0.0], [2.0]]), np.array([[1.0], [1.0], [1.0]])
    >>> value, interval = discrepancy(x, y, "negative_distance")
    >>> round(value, 12)  # 2·1 − (2 + 2 + 0)/3 − 0
    0.666666666667
    """
    n, m = len(x), len(y)
    if min(n, m) < 3:
        raise DataError(f"{n} real and {m} generated examples are too few; 3 of each are needed")

    def sums(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        return spread(kernel_sums, rows, others, kernel, *parameters)

    xx = sums(x, x) - self_kernel(x, kernel, *parameters)
    yy = sums(y, y) - self_kernel(y, kernel, *parameters)
    xy, yx = sums(x, y), sums(y, x)
    within_x, within_y, between = xx.sum(), yy.sum(), xy.sum()
    value = within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m)
    without_x = (
        (within_x - 2 * xx) / ((n - 1) * (n - 2))
        + within_y / (m * (m - 1))
        - 2 * (between - xy) / ((n - 1) * m)
    )
    without_y = (
        within_x / (n * (n - 1))
        + (within_y - 2 * yy) / ((m - 1) * (m - 2))
        - 2 * (between - yx) / (n * (m - 1))
    )
    return float(value), normal_interval(float(value), jackknife_error(without_x, without_y))
