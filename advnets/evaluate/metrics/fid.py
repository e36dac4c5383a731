"""Measure the Fréchet distance of Gaussians fitted to real and generated features (FID)."""

from __future__ import annotations

import math

import numpy as np

from ...builtin.metrics import Comparison
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import Interval, proportional_interval
from ..estimators.moments import PART, moments_of
from ..features import Wanted
from ..score import Score
from .real_and_generated import add_note, real_and_generated


@validated_by(Comparison)
def fid(
    context: MetricContext,
    *,
    features: Wanted | None = None,
    samples: int = 10_000,
    split: str = "test",
    examples: int | None = None,
) -> list[Score]:
    r"""Compute the Fréchet distance of Gaussians fitted to real and generated features.

    .. math:: \|μ_r - μ_g\|^2 + \operatorname{tr}(Σ_r + Σ_g - 2 (Σ_r Σ_g)^{1/2})

    Lower is better. The estimate is too high by an amount of order 1/N, which differs
    between generators: compare figures of equal ``samples``, ``examples`` and ``split`` only.
    The error does not contain that bias. It is called FID where ``features`` is
    ``inception``; published ones take 50,000 samples and the training examples.

    Args:
        context: Samples and data.
        features: What distances are measured in, a component of kind ``features``. For
            vectors ``pixels`` by default, else it must be named.
        samples: Number of samples drawn from G.
        split: The real examples' split.
        examples: How many of them, from the first; ``None`` for all.

    Returns:
        One score; its error is that of the delta method, and its interval holds the mean over
        draws of as many examples.

    Raises:
        DataError: If there are fewer than three examples on either side.

    Source: Heusel et al. 2017 (arXiv:1706.08500), equation 6; Dowson and Landau 1982.
    """
    real, generated, described = real_and_generated(context, features, samples, split, examples)
    value, interval = frechet_distance_with_error(real, generated)
    protocol = context.protocol(
        better="lower",
        unit="squared distance in features",
        **described,
        bias="too high, by an amount of order 1/examples that the interval does not contain",
        error="delta method",
        **interval.protocol(),
    )
    fewest, dimensions = min(len(real), len(generated)), real.shape[1]
    if fewest <= dimensions:
        note = f"{fewest} examples do not fill {dimensions} dimensions; the bias is large"
        protocol = add_note(protocol, note)
    return [Score("fid", value, interval.error, protocol)]


def frechet_distance(
    mean1: np.ndarray, covariance1: np.ndarray, mean2: np.ndarray, covariance2: np.ndarray
) -> float:
    r"""Compute the squared 2-Wasserstein distance of two Gaussians.

    The trace of (Σ₁Σ₂)^{1/2} is the sum of the singular values of Σ₁^{1/2} Σ₂^{1/2}, both
    roots symmetric: no square root of a matrix that is not symmetric, no imaginary part to
    throw away, nothing added to the diagonal. Where a covariance has no full rank, the
    directions that it lacks contribute exactly nothing.

    Args:
        mean1: ``[d]``.
        covariance1: ``[d, d]``, symmetric.
        mean2: ``[d]``.
        covariance2: ``[d, d]``, symmetric.

    Returns:
        The distance, not negative but for rounding, which is cut off.

    >>> frechet_distance(np.array([1.0]), np.array([[4.0]]), np.array([4.0]), np.array([[1.0]]))
    10.0
    """
    roots = symmetric_root(covariance1) @ symmetric_root(covariance2)
    overlaps = np.linalg.svd(roots, compute_uv=False)
    return _distance(mean1, covariance1, mean2, covariance2, overlaps)


def frechet_distance_with_error(x: np.ndarray, y: np.ndarray) -> tuple[float, Interval]:
    r"""Compute the distance between two samples, and its standard error by the delta method.

    The distance is a smooth function of both samples' moments. An example x of the first
    moves it by ψ(x)/n, with c = x − μ₁ and the optimal transport map T from the first
    Gaussian to the second,

    .. math:: ψ(x) = 2 (μ_1 - μ_2) \cdot c + c^T (1 - T) c - \operatorname{tr} (1 - T) Σ_1

    so that the variance is Var ψ₁/n + Var ψ₂/m. The bootstrap would need hundreds of
    singular value decompositions for the same, and overstates the distance in each, since
    repeated examples lower a covariance's rank.

    Args:
        x: ``[n, d]``.
        y: ``[m, d]``.

    Raises:
        DataError: If there are fewer than three examples on either side: two span a line,
            whatever they were drawn from.
    """
    if min(len(x), len(y)) < 3:
        raise DataError(f"{len(x)} and {len(y)} examples: a covariance needs at least three")
    first, second = moments_of(x), moments_of(y)
    root1, root2 = symmetric_root(first.covariance), symmetric_root(second.covariance)
    u, singular, vt = np.linalg.svd(root1 @ root2)
    kept = singular > len(singular) * np.finfo(float).eps * singular[:1].sum()
    inverse = np.where(kept, 1.0, 0.0) / np.where(kept, singular, 1.0)
    half1, half2 = (root2 @ vt.T) * np.sqrt(inverse), (root1 @ u) * np.sqrt(inverse)
    shift = first.mean - second.mean
    value = _distance(first.mean, first.covariance, second.mean, second.covariance, singular)
    moves = np.concatenate(
        [_influences(x, first.mean, shift, half1), _influences(y, second.mean, -shift, half2)]
    )
    rounding = 1e-12 * float(np.trace(first.covariance) + np.trace(second.covariance))
    return value, proportional_interval(value, np.where(np.abs(moves) > rounding, moves, 0.0))


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """Compute the symmetric square root; eigenvalues that are only rounding become 0.

    >>> symmetric_root(np.array([[2.0, 2.0], [2.0, 2.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    covariance = np.asarray(covariance, np.float64)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    noise = len(values) * np.finfo(float).eps * np.abs(values).max(initial=0.0)
    values = np.where(values > noise, values, 0.0)
    return (vectors * np.sqrt(values)) @ vectors.T


def _distance(
    mean1: np.ndarray,
    covariance1: np.ndarray,
    mean2: np.ndarray,
    covariance2: np.ndarray,
    overlaps: np.ndarray,
) -> float:
    shift = np.asarray(mean1, np.float64) - mean2
    spread = float(np.trace(covariance1) + np.trace(covariance2))
    return max(float(shift @ shift) + spread - 2 * float(overlaps.sum()), 0.0)


def _influences(x: np.ndarray, mean: np.ndarray, shift: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Compute by how much each row of ``x`` moves the distance, ψ(x)/n; T = ``half`` ``half``ᵀ."""
    influences = np.empty(len(x))
    for start in range(0, len(x), PART):
        centred = np.asarray(x[start : start + PART], np.float64) - mean
        squares, mapped = (np.einsum("nd,nd->n", v, v) for v in (centred, centred @ half))
        influences[start : start + PART] = 2 * centred @ shift + squares - mapped
    return (influences - influences.mean()) / math.sqrt(len(x) * (len(x) - 1))
