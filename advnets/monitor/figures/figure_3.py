"""Draw figure 3 of the paper: G along straight lines through latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from .sheet import Sheet


@dataclass(frozen=True)
class LatentLines:
    """Hold images along straight lines between random latent points.

    Attributes:
        samples: ``[rows, columns, height, width, channels]``, in the data set's own range;
            the first and the last of a row are those of the line's ends.
        latents: z of them, ``[rows, columns, size]``.
        step: Of the generator.
        seed: Of the ends: they are drawn, not picked.
        averaged: Whether G's weights were averages.
    """

    samples: np.ndarray
    latents: np.ndarray
    step: int
    seed: int
    averaged: bool = False


def figure_3(shown: LatentLines, spec: Any, name: str = "") -> Image.Image:
    """Draw the figure: a line in each row.

    Args:
        shown: What is drawn.
        spec: The data's :class:`advnets.data.DataSpec`.
        name: The run's.
    """
    rows, columns = shown.samples.shape[:2]
    sheet = Sheet(spec.shape, rows, columns)
    sheet.lay(shown.samples, spec)
    for row in range(rows):
        sheet.mark(row, 0)
        sheet.mark(row, columns - 1)
    sheet.head("straight lines between random points of latent space")
    sheet.sign(shown, name)
    note = "the ends, framed, are drawn, not picked; each row ends where the next begins"
    sheet.foot(note, line=1)
    return sheet.image
