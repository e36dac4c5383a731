r"""Estimate the squared distance of two distributions in a kernel's feature space.

.. math:: θ = E\,k(X, X') + E\,k(Y, Y') - 2 E\,k(X, Y)

With a positive kernel that is the squared maximum mean discrepancy (KID and MMD), with
k = −‖x − y‖ the energy distance. It is never negative; its unbiased estimate may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...errors import DataError
from ..per_example import per_example
from .interval import Interval, equal_weights, invert
from .pairs import kernel_sums, self_kernel

ERROR = "variance of U-statistics, to second order; interval by inversion, Student's t"
"""How the error and the interval were found, for a protocol."""
FEWEST = 4
"""Examples on a side below which the variance has no unbiased estimate."""
DECISIVE = 8
"""Equally heavy examples, at most, of which a score says that few decide."""
ROUNDING = 1e-12
"""Of the kernel's squares: what a variance cannot be told from."""


class Discrepancy(NamedTuple):
    """Hold an estimate, and what its variance is made of.

    Attributes:
        value: The unbiased estimate of θ.
        linear: The variance that comes from each example alone, 0 where both distributions agree;
            without bias, hence below 0 now and then.
        quadratic: That which comes from pairs; it is there always.
        slope: By how much ``linear`` grows with θ.
        weight: The number of equally heavy examples that would be as sure of the variance: far
            below the number of examples where a few decide.
    """

    value: float
    linear: float
    quadratic: float
    slope: float
    weight: float

    def note(self) -> str:
        """Return what makes it say little, for a protocol: that a few examples decide, or none."""
        if not self.linear and not self.quadratic:
            return "no example differs from another by as much as this kernel sees"
        if self.weight >= DECISIVE:
            return ""
        return (
            f"heavy tails: a few examples decide, as if there were {self.weight:.0f} equally "
            "heavy ones"
        )


@np.errstate(over="ignore", invalid="ignore")  # what overflows is refused
def discrepancy(
    x: np.ndarray,
    y: np.ndarray,
    kernel: str,
    *parameters: object,
    spread: Callable[..., np.ndarray] = per_example,
) -> Discrepancy:
    r"""Compute the unbiased estimate from two samples, and its variance.

    .. math:: \hat θ = \frac{\sum_{i \ne j} k(x_i, x_j)}{n(n-1)}
              + \frac{\sum_{i \ne j} k(y_i, y_j)}{m(m-1)} - \frac{2}{nm} \sum_{i,j} k(x_i, y_j)

    Its mean is exactly the quantity that it estimates, so that it falls below 0 as often as
    above where the distributions agree. All pairs are used. With P and Q the centred kernels'
    covariance operators, its variance is exactly

    .. math:: 4 \Big( \frac{ζ_x}{n} + \frac{ζ_y}{m} \Big) + b, \qquad
              b = \frac{2 \|P\|^2}{n(n-1)} + \frac{2 \|Q\|^2}{m(m-1)} + \frac{4 ⟨P, Q⟩}{nm}

    with ζ the variance of E k(x, X) − E k(x, Y) over x. Norms and product are estimated without
    bias from the kernel's sums over rows and the sums of its squares. ζ is the variance of the
    rows' own means, less their noise, ‖P‖²/(n − 2) + ⟨P, Q⟩/m.

    Args:
        x: ``[n, d]``, n ≥ 4.
        y: ``[m, d]``, m ≥ 4.
        kernel: A name in :data:`advnets.evaluate.estimators.pairs.KERNELS`.
        *parameters: The kernel's own.
        spread: Computes values for each example (:meth:`MetricContext.per_example`).

    Raises:
        DataError: If there are fewer than four examples on either side, or they are too large.

    Source: Gretton et al. 2012, lemma 6; the variance of U-statistics: Hoeffding 1948; the norms:
    Song et al. 2012, "Feature selection via dependence maximization", theorem 2.

    >>> x, y = np.array([[0.0], [0.0], [2.0], [2.0]]), np.ones((4, 1))
    >>> round(discrepancy(x, y, "negative_distance").value, 12)  # 2·1 − 4/3 − 0
    0.666666666667
    """
    n, m = len(x), len(y)
    if min(n, m) < FEWEST:
        raise DataError(
            f"{n} real and {m} generated examples are too few; {FEWEST} of each are needed"
        )

    def sums(rows: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = spread(kernel_sums, rows, others, kernel, *parameters)
        return found[:, 0], found[:, 1]

    def sums_within(side: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        own = self_kernel(side, kernel, *parameters)
        total, squares = sums(side, side)
        return own, total - own, squares - own**2

    (own_x, xx, xx2), (own_y, yy, yy2) = sums_within(x), sums_within(y)
    (xy, xy2), (yx, _) = sums(x, y), sums(y, x)
    within_x, within_y, between = xx.sum(), yy.sum(), xy.sum()
    value = within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m)
    product = xy2.sum() - xy @ xy / m - yx @ yx / n + between**2 / (n * m)
    of_xx, of_yy = _squared_norm(xx, xx2) / n, _squared_norm(yy, yy2) / m
    of_xy = product / ((n - 1) * (m - 1)) / (n * m)
    quadratic = 2 * of_xx / (n - 1) + 2 * of_yy / (m - 1) + 4 * of_xy
    noise = 4 * of_xx / (n - 2) + 4 * of_yy / (m - 2) + 8 * of_xy
    largest = max(xx2.sum(), yy2.sum(), xy2.sum()) / (n * m) ** 2
    rounding = ROUNDING * float(largest)
    quadratic = float(quadratic) if quadratic > rounding else 0.0
    # How far each example moves the estimate, to first order.
    of_x, of_y = xx / (n - 2) - xy / m, yy / (m - 2) - yx / n
    moves = np.concatenate([(of_x - of_x.mean()) / n, (of_y - of_y.mean()) / m])
    squares = moves**2 * np.repeat([4 * n / (n - 1), 4 * m / (m - 1)], [n, m])
    first = float(squares.sum())
    # ‖mean of x − mean of y‖² as it is, its noise included, as it is in `first`.
    of_noise = own_x.mean() / n - within_x / (n * n * (n - 1))
    of_noise += own_y.mean() / m - within_y / (m * m * (m - 1))
    apart = value + of_noise
    if not np.isfinite([value, quadratic, first]).all():
        raise DataError(
            f"the kernel's values overflow: features are as large as {np.abs(x).max():.0e} (real) "
            f"and {np.abs(y).max():.0e} (generated)",
            hint="scale the examples, or take other features",
        )
    linear = first - float(noise)
    return Discrepancy(
        value=float(value),
        linear=linear if abs(linear) > rounding else 0.0,
        quadratic=quadratic,
        slope=first / float(apart) if apart > 1e-9 * of_noise else 0.0,
        weight=equal_weights(squares),
    )


def discrepancy_interval(found: Discrepancy, more: float = 0.0) -> Interval:
    r"""Compute the interval, with a variance that is linear in θ.

    Where the distributions agree there is ``quadratic`` only; the rest grows with θ
    (:func:`.interval.invert`).

    Args:
        found: The estimate.
        more: A variance of another source, to be added.

    Returns:
        The interval; its error is the square root of the variance at the estimate.

    >>> found = Discrepancy(value=3.0, linear=0.0, quadratic=1.0, slope=0.0, weight=1e9)
    >>> [round(end, 2) for end in discrepancy_interval(found)]
    [1.04, 4.96, 1.0]
    """
    linear = max(found.linear, 0.0)
    # What of the variance at the estimate does not vanish with θ.
    rest = found.quadratic + more + max(linear - found.slope * max(found.value, 0.0), 0.0)
    low, high = invert(found.value, rest, found.slope, found.weight)
    error = math.sqrt(linear + found.quadratic + more)
    return Interval(low, high, error)


def _squared_norm(sums: np.ndarray, squares: np.ndarray) -> float:
    """Estimate ‖P‖² from the sums of a kernel, and of its squares, over each row's other ones."""
    n = len(sums)
    total = squares.sum() + sums.sum() ** 2 / ((n - 1) * (n - 2)) - 2 * (sums @ sums) / (n - 2)
    return float(total) / (n * (n - 3))
