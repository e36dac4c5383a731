"""Compare distances to the nearest of two sets of examples, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .interval import Interval, student_interval

GROUPS, MEMBERS = 20, 5
"""Groups of examples, at most, and members of a group, at least."""


@dataclass(frozen=True)
class Nearest:
    """Hold the distances from n samples to a set of examples.

    Attributes:
        distance: To the nearest of all, float64 ``[n]``.
        to_group: To the nearest of each group of examples, ``[n, G]``; the groups are of equal
            size, and random.
    """

    distance: np.ndarray
    to_group: np.ndarray


def random_groups(count: int, seed: int) -> np.ndarray:
    """Divide examples into groups at random, int ``[count]``.

    >>> np.bincount(random_groups(100, seed=0)).tolist() == [5] * 20
    True
    """
    groups = max(min(GROUPS, count // MEMBERS), 1)
    return np.random.Generator(np.random.Philox(seed)).permutation(count) % groups


def gap_interval(training: Nearest, held_out: Nearest) -> tuple[float, Interval]:
    r"""Compute 1 − E d_t / E d_h, and its interval.

    Three things are random: the samples, which examples lie in the training split, and which
    in the held-out one. Of n samples, with relative distances r = d / E d, the variance is

    .. math:: (1 - gap)^2 \Big( \frac{\operatorname{Var}(r_t - r_h)}{n} + C_t + C_h \Big)

    where C, the covariance of two samples that look at the same examples, is that which
    :func:`shared_covariance` finds among groups of them. (Neither the jackknife nor the bootstrap
    serves: what one example decides, its cell, is taken over by its neighbours, for which
    the former claims up to three times the variance.)

    Returns:
        The gap, 0 where all distances are 0, and its interval.

    >>> near = Nearest(np.array([1.0, 3.0]), np.array([[2.0], [4.0]]))
    >>> far = Nearest(np.array([2.0, 6.0]), np.array([[4.0], [8.0]]))
    >>> gap_interval(near, far)[0]
    0.5
    """
    a, b = training.distance.mean(), held_out.distance.mean()
    if not max(a, b) > 0:
        return 0.0, Interval(0.0, 0.0, 0.0)
    b = max(b, 1e-9 * a)  # 0 where all samples are copies of held-out examples
    ratio = float(a / b)
    relative = training.distance / b - held_out.distance * (ratio / b)
    own = relative.var(ddof=1) / len(relative)
    sides = (side.to_group / max(side.to_group.mean(), 1e-300) for side in (training, held_out))
    shared = sum(shared_covariance(side) for side in sides)
    error = math.sqrt(own + ratio**2 * shared)
    # Equal vectors may be 1e-7 of their size apart by rounding.
    error = error if error > 1e-6 * ratio and error > 1e-6 * abs(1.0 - ratio) else 0.0
    return 1.0 - ratio, student_interval(1.0 - ratio, error, _freedom(training), greatest=1.0)


def nearer_interval(training: Nearest, held_out: Nearest) -> tuple[float, Interval]:
    r"""Compute the share of samples nearer to the first set, ties counting half, and its interval.

    Of n samples the variance is that of a mean, plus the covariance C of two that look at the same
    examples, from :func:`shared_covariance` of a group of one set against one of the other.

    >>> near = Nearest(np.array([1.0, 3.0]), np.array([[2.0], [4.0]]))
    >>> far = Nearest(np.array([2.0, 3.0]), np.array([[4.0], [8.0]]))
    >>> nearer_interval(near, far)[0]  # one is nearer, and one tied
    0.75
    """
    own = _nearer(training.distance, held_out.distance)
    groups = min(training.to_group.shape[1], held_out.to_group.shape[1])
    pairs = _nearer(training.to_group[:, :groups], held_out.to_group[:, :groups])
    error = math.sqrt(own.var(ddof=1) / len(own) + shared_covariance(pairs))
    share = float(own.mean())
    return share, student_interval(share, error, _freedom(training), least=0.0, greatest=1.0)


def shared_covariance(values: np.ndarray) -> float:
    r"""Compute the covariance of two samples' values by the examples that both are compared with.

    .. math:: C = \frac1G \Big( \operatorname{Var}_g \bar v_g
              - \frac1n \overline{\operatorname{Var}_g v_{ig}} \Big)^+

    Groups are independent sets of M/G examples, so that the variance of the means over samples
    is that of such a set, without bias; what the samples would vary by on their own is taken
    off. It falls as 1/M, as two samples share an example the more seldom the more there are.

    Args:
        values: Of n samples, with each of G groups of examples, ``[n, G]``.

    Returns:
        C for all examples; 0 for a single group, which shows no variance.

    >>> shared_covariance(np.array([[0.0, 2.0], [0.0, 2.0]]))  # (2 − 2/2) / 2
    0.5
    """
    n, groups = values.shape
    if groups < 2:
        return 0.0
    between = values.mean(axis=0).var(ddof=1)
    alone = values.var(axis=1, ddof=1).mean() / n
    return max(float(between - alone), 0.0) / groups


def _freedom(side: Nearest) -> int:
    return max(side.to_group.shape[1] - 1, 1)


def _nearer(to_training: np.ndarray, to_other: np.ndarray) -> np.ndarray:
    """Compute 1 where the first is less, ½ where they tie."""
    # Equal vectors may be 1e-7 of their size apart by rounding; so may two ties.
    tied = np.isclose(to_training, to_other, rtol=1e-6, atol=0.0)
    return np.where(tied, 0.5, to_training < to_other).astype(np.float64)
