"""Compute the Parzen-window log-likelihood estimate of Goodfellow et al. (2014), Table 1.

The samples of G become the centres of an isotropic Gaussian mixture, whose log
density is averaged over the test set. The bandwidth is chosen on validation data.
The estimate has a high variance and does poorly in high dimensions, as the paper
says itself; it is here because the paper's table is made of it.
"""

from __future__ import annotations

import math

import numpy as np

from ...builtin.metrics import ParzenParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.interval import normal_interval
from ..estimators.pairs import BLOCK
from ..score import Score
from .real_and_generated import add_note, note_of


@validated_by(ParzenParameters)
def parzen(
    context: MetricContext,
    *,
    samples: int = 10_000,
    sigmas: int = 10,
    low: float = -1.0,
    high: float = 0.0,
    validation: int | None = 1_000,
) -> list[Score]:
    r"""Compute the test set's mean log-likelihood under a Parzen window on G's samples, in nats.

    .. math:: LL(x) = \log \frac1n \sum_i \exp\frac{-\|x - s_i\|^2}{2σ^2} - d \log(σ\sqrt{2π})

    σ is the value of ``logspace(low, high, sigmas)`` with the greatest mean LL on the
    first ``validation`` examples of the validation split. A data set without one is
    scored with the last ``validation`` training examples in its place, and the protocol
    says so. The error is the population standard deviation of LL(x) over √n: of other test
    examples, the samples and σ held fixed. The estimate rises with the number of samples.

    Args:
        context: Samples and data, both in the preprocessed range (for MNIST: [0, 1]).
        samples: Number of samples drawn from G.
        sigmas: Number of bandwidths tried.
        low: Base-10 logarithm of the smallest.
        high: Base-10 logarithm of the largest.
        validation: Number of examples that σ is chosen on; ``None`` for all of the split
            (as the authors did for TFD).

    Returns:
        One score; its protocol holds the grid, the chosen σ, the splits and their counts.

    Raises:
        DataError: If there is no test split, nothing to choose σ on, fewer than two test
            examples, or a sample that is not finite.

    Source: Goodfellow et al. 2014, section 5 and Table 1; the bandwidth's grid and the
    counts are those of the authors' code.
    """
    held_out = "validation" if "validation" in context.splits else "train"
    test = _rows(context.examples("test"))
    chosen_on = _rows(context.examples(held_out))
    if validation is not None:
        chosen_on = chosen_on[:validation] if held_out == "validation" else chosen_on[-validation:]
    if len(test) < 2:
        raise DataError("a single test example has no mean likelihood; two are the least")
    centres = _rows(context.generated(samples))
    grid = np.logspace(low, high, sigmas)

    def likelihoods(x: np.ndarray, bandwidths: np.ndarray) -> np.ndarray:
        # A share whole, of which `log_likelihoods` takes blocks: it prepares the centres once.
        return context.per_example(likelihoods_by_example, x, centres, bandwidths, at_once=len(x))

    curve = likelihoods(chosen_on, grid).mean(axis=0)
    sigma = float(grid[int(np.argmax(curve))])
    ll = likelihoods(test, np.array([sigma]))[:, 0]
    value, error = float(ll.mean()), float(ll.std() / math.sqrt(len(ll)))
    interval = normal_interval(value, error)
    preprocess = getattr(context.source, "preprocess", None)
    note = note_of({"test": test, "generated": centres})
    if held_out == "train":
        note = add_note(note, "no validation split: sigma chosen on the last training examples")
    protocol = context.protocol(
        better="higher",
        outcomes=("sigma", "sigma_curve", "sigma_at_edge"),
        unit="nats",
        samples=samples,
        sigma=sigma,
        sigma_grid=grid,
        sigma_curve=curve,
        sigma_at_edge=bool(sigmas > 1 and sigma in (grid[0], grid[-1])),
        sigma_split=held_out,
        sigma_examples=len(chosen_on),
        split="test",
        examples=len(test),
        dimensions=test.shape[1],
        bias="too low, by an amount that falls with the number of samples",
        error="population standard deviation / sqrt(examples), for these samples and this sigma",
        preprocess=None if preprocess is None else preprocess.description,
        precision="float64",
        **note,
        **interval.protocol(),
    )
    return [Score("parzen", value, interval.error, protocol)]


def log_likelihoods(
    x: np.ndarray, centres: np.ndarray, sigmas: np.ndarray | list[float], block: int = BLOCK
) -> np.ndarray:
    """Compute LL(x) under a Parzen window on ``centres``, for each bandwidth.

    Squared distances come from one float64 matrix product per block of rows,
    ‖x − s‖² = ‖x‖² + ‖s‖² − 2x·s, after both were shifted by the centres' mean: a common
    offset would cost digits, and the distances do not depend on it.

    Args:
        x: ``[m, d]``.
        centres: ``[n, d]``.
        sigmas: ``[k]``, positive.
        block: Squared distances held in memory at a time (8 bytes each).

    Returns:
        float64 ``[k, m]``, in nats.

    >>> x = np.zeros((1, 2))
    >>> log_likelihoods(x, x, [1.0]).round(6)  # the standard normal's log density at 0
    array([[-1.837877]])
    """
    centres = np.asarray(centres, np.float64)
    shift = centres.mean(axis=0)
    centres = centres - shift
    squares = np.einsum("nd,nd->n", centres, centres)
    n, d = centres.shape
    rows = max(1, block // n)
    result = np.empty((len(sigmas), len(x)))
    for start in range(0, len(x), rows):
        part = np.asarray(x[start : start + rows], np.float64) - shift
        distances = part @ centres.T
        distances *= -2.0
        distances += squares
        distances += np.einsum("md,md->m", part, part)[:, None]
        nearest = distances.min(axis=1, keepdims=True)
        distances -= nearest
        scratch = np.empty_like(distances)
        for row, sigma in enumerate(sigmas):
            np.multiply(distances, -0.5 / sigma**2, out=scratch)
            np.exp(scratch, out=scratch)
            # Rounding can leave a nearest distance of -1e-16 where the truth is 0.
            least = np.maximum(nearest[:, 0], 0.0) * (0.5 / sigma**2)
            normaliser = d * math.log(sigma * math.sqrt(2 * math.pi))
            result[row, start : start + rows] = np.log(scratch.mean(axis=1)) - least - normaliser
    return result


def likelihoods_by_example(x: np.ndarray, centres: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """Compute :func:`log_likelihoods` with a row for each example, ``[m, k]``.

    >>> likelihoods_by_example(np.zeros((3, 2)), np.zeros((4, 2)), [1.0, 2.0]).shape
    (3, 2)
    """
    return log_likelihoods(x, centres, sigmas).T


def _rows(x: np.ndarray) -> np.ndarray:
    return np.asarray(x).reshape(len(x), -1)
