"""Measure how much the samples of a grid differ from each other, which shows a collapse first."""

from __future__ import annotations

import numpy as np

ALIKE = 1e-4
"""Two samples are the same if they are closer than this share of real examples' distance."""


def diversity(
    samples: np.ndarray, real: np.ndarray, modes: np.ndarray | None = None
) -> dict[str, float]:
    """Compute the entries of metrics.jsonl for a grid's samples.

    With d̄(A) the mean Euclidean distance between two different rows of A:

    - ``sample_spread``: d̄(samples) / d̄(real), about 1 for a generator that has learned;
    - ``sample_duplicates``: the share of samples that have a twin, closer than 10⁻⁴ d̄(real);
    - ``sample_modes``: how many modes are the nearest one of some sample, where modes are known.

    Args:
        samples: G of the fixed latent points, ``[n, *shape]``.
        real: Real examples, ``[m, *shape]``, in the same range.
        modes: The modes' centres, ``[K, *shape]``.

    >>> real = np.array([[0.0], [2.0]])
    >>> seen = diversity(np.array([[0.0], [1.5], [1.5]]), real, modes=real)
    >>> {name: round(value, 2) for name, value in seen.items()}
    {'sample_spread': 0.5, 'sample_duplicates': 0.67, 'sample_modes': 2.0}
    >>> diversity(np.array([[np.nan]]), real)
    {}
    """
    rows, true = _rows(samples), _rows(real)
    if len(rows) < 2 or len(true) < 2 or not np.isfinite(rows).all():
        return {}
    between, typical = _distances(rows, rows), _mean_of_pairs(_distances(true, true))
    if typical == 0:
        return {}
    apart = between + np.where(np.eye(len(rows), dtype=bool), np.inf, 0.0)
    seen = {
        "sample_spread": _mean_of_pairs(between) / typical,
        "sample_duplicates": float(np.mean(apart.min(axis=1) < ALIKE * typical)),
    }
    if modes is not None:
        nearest = _distances(rows, _rows(modes)).argmin(axis=1)
        seen["sample_modes"] = float(len(np.unique(nearest)))
    return seen


def _rows(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, np.float64).reshape(len(x), -1)


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute ‖a_i − b_j‖, exactly 0 for equal rows."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b))


def _mean_of_pairs(distances: np.ndarray) -> float:
    n = len(distances)
    return float(distances.sum() / (n * (n - 1)))
