"""Draw Gaussians on a square grid, for counting modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .mixture import GaussianMixture


class Grid(GaussianMixture):
    """Draw Gaussians centred on a square grid about the origin.

    Args:
        side: Modes along each side; side² in all.
        spacing: Between neighbouring modes.
        deviation: σ of each mode, in both directions.
        examples: In the training split.
        held_out: In the validation split, and again in the test split.
        seed: Of the draw of the data.
        preprocess: See :class:`advnets.DatasetParameters`.

    Source: the 2-D grid of VEEGAN and PacGAN (arXiv:1712.04086): 25 modes at
    {-4, -2, 0, 2, 4}², σ 0.05.

    >>> Grid().modes()[0].tolist(), len(Grid().modes())
    ([-4.0, -4.0], 25)
    """

    name = "grid"

    def __init__(
        self,
        side: int = 5,
        spacing: float = 2.0,
        deviation: float = 0.05,
        examples: int = 100_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        line = spacing * (np.arange(side) - (side - 1) / 2)
        centres = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
        super().__init__(centres, deviation, examples, held_out, seed, preprocess)
