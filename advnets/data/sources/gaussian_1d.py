"""Draw one Gaussian on the line: the smallest game of known optimum (figure 1 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .mixture import GaussianMixture


class Gaussian1d(GaussianMixture):
    """Draw x from p(x) = N(x; mean, deviation²), x of shape (1,).

    Args:
        mean: μ.
        deviation: σ > 0.
        examples: In the training split.
        held_out: In the validation split, and again in the test split.
        seed: Of the draw of the data.
        preprocess: See :class:`advnets.DatasetParameters`.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), figure 1.

    >>> source = Gaussian1d(mean=4.0, deviation=0.5)
    >>> source.load("train").shape
    (50000, 1)
    >>> float(source.density(np.array([[4.0]]))[0])  # 1 / (σ √(2π))
    0.797884560802865...
    """

    name = "gaussian_1d"

    def __init__(
        self,
        mean: float = 4.0,
        deviation: float = 0.5,
        examples: int = 50_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(np.array([[mean]]), deviation, examples, held_out, seed, preprocess)
        self.mean = float(mean)
