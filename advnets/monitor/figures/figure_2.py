"""Draw figure 2 of the paper: random samples, and what they may have been copied from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from .sheet import Sheet

APART, DISTANCE = 18, 116
"""Pixels between the samples and their neighbours, and for the distance next to each."""


@dataclass(frozen=True)
class SamplesAndNeighbours:
    """Hold random samples, and the training example nearest to the last of each row.

    Attributes:
        samples: ``[rows, columns, height, width, channels]``, in the data set's own range.
        latents: z of them, ``[rows, columns, size]``.
        neighbours: The nearest training examples, ``[rows, height, width, channels]``.
        places: Their indices into the training split, ``[rows]``.
        distances: ‖sample − neighbour‖₂, in the data set's own range, ``[rows]``.
        step: Of the generator.
        seed: Of the latent points: the samples are drawn, not picked.
        averaged: Whether G's weights were averages.
    """

    samples: np.ndarray
    latents: np.ndarray
    neighbours: np.ndarray
    places: np.ndarray
    distances: np.ndarray
    step: int
    seed: int
    averaged: bool = False


def figure_2(shown: SamplesAndNeighbours, spec: Any, name: str = "") -> Image.Image:
    """Draw the figure: samples in rows, the last of each with its neighbour to the right.

    Args:
        shown: What is drawn.
        spec: The data's :class:`advnets.data.DataSpec`.
        name: The run's.
    """
    rows, columns = shown.samples.shape[:2]
    sheet = Sheet(spec.shape, rows, columns + 1, right=APART + DISTANCE, above=2)
    sheet.lay(shown.samples, spec)
    sheet.lay(shown.neighbours[:, None], spec, column=columns, right=APART)
    for row, distance in enumerate(shown.distances):
        sheet.mark(row, columns, APART)
        left, top = sheet.corner(row, columns + 1, APART)
        middle = top + (sheet.corner(row + 1, 0)[1] - top) // 2
        number = f"{distance:,.0f}" if distance >= 100 else f"{distance:.3g}"
        sheet.words((left + 4, middle), f"L2 {number}", "lm")
    sheet.head("random samples, not picked")
    left = sheet.corner(0, columns, APART)[0]
    sheet.head("nearest", left, line=1)
    sheet.head("training example", left)
    range_ = "" if spec.low is None else f" of {spec.low:g} to {spec.high:g}"
    sheet.sign(shown, name)
    sheet.foot(f"nearest to the sample on its left; L2 in the data's own range{range_}", line=1)
    return sheet.image
