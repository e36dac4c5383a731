"""Straight lines through latent space (figure 3 of Goodfellow et al. 2014)."""

from __future__ import annotations

import numpy as np

PER_LINE = 10


def interpolated(ends: np.ndarray, n: int, per_line: int = PER_LINE) -> np.ndarray:
    """Latent points along the lines between ends 0 → 1, 1 → 2, …

    Args:
        ends: Latent points, float32 ``[m, size]``, m ≥ 1.
        n: How many points to return.
        per_line: Points on each line, both of its ends included.

    Returns:
        float32 ``[n, size]``, one line after the other.

    >>> interpolated(np.array([[0.0], [1.0], [0.0]]), 6, per_line=3).ravel().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    weights = np.linspace(0.0, 1.0, per_line)[:, None]
    lines = [
        (1 - weights) * ends[i % len(ends)] + weights * ends[(i + 1) % len(ends)]
        for i in range(-(-n // per_line))
    ]
    return np.concatenate(lines)[:n].astype("float32")
