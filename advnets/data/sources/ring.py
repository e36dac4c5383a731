"""Draw Gaussians on a circle, for counting modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .mixture import GaussianMixture


class Ring(GaussianMixture):
    """Draw Gaussians centred on a circle, mode k at angle 2πk / modes.

    Args:
        modes: How many.
        radius: Of the circle.
        deviation: σ of each mode, in both directions.
        examples: In the training split.
        held_out: In the validation split, and again in the test split.
        seed: Of the draw of the data.
        preprocess: See :class:`advnets.DatasetParameters`.

    Source: the 2-D ring of VEEGAN and PacGAN (arXiv:1712.04086): 8 modes, radius 1, σ 0.01.

    >>> Ring().modes().shape
    (8, 2)
    """

    name = "ring"

    def __init__(
        self,
        modes: int = 8,
        radius: float = 1.0,
        deviation: float = 0.01,
        examples: int = 100_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        # arange, not linspace(0, 2π, modes): that would lay the last mode upon the first.
        angles = 2 * np.pi * np.arange(modes) / modes
        centres = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        super().__init__(centres, deviation, examples, held_out, seed, preprocess)
