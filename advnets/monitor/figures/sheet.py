"""Lay out images on a sheet of paper, with a few words next to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...safe_io import printable
from ..grid import to_rgb
from .style import INK, MUTED, PAPER

CELL = 72
"""Small images are enlarged by a whole factor until they are about this wide."""
GAP, MARGIN, LINE = 4, 18, 23
MARK = "#d08a00"
MOST = 4096
"""Pixels of a sheet's width or height; what would be larger is not enlarged, or refused."""


class Sheet:
    """Draw a white sheet with a grid of cells, each as large as an image.

    Args:
        shape: Of an image, ``(height, width, channels)``.
        rows, columns: Of the grid.
        right: Pixels to the right of the grid.
        above: Lines of words above it.

    Attributes:
        factor: By which images are enlarged.
    """

    def __init__(
        self, shape: tuple[int, ...], rows: int, columns: int, *, right: int = 0, above: int = 1
    ):
        height, width = shape[:2]
        self.factor = max(round(CELL / max(height, width)), 1)
        self._cell = height * self.factor, width * self.factor
        self._top = MARGIN + above * LINE
        grid = [n * (side + GAP) - GAP for n, side in zip((rows, columns), self._cell, strict=True)]
        self._below = self._top + grid[0] + 9
        self._right = MARGIN + grid[1]
        size = (self._right + right + MARGIN, self._below + 2 * LINE + MARGIN - 4)
        if max(size) > MOST:
            raise ValueError(f"a picture of {size[0]} × {size[1]} pixels is too large")
        self.image = Image.new("RGB", size, PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._font = ImageFont.load_default(17)

    def corner(self, row: int, column: int, right: int = 0) -> tuple[int, int]:
        """Return the upper left corner of a cell, shifted by ``right`` pixels."""
        height, width = self._cell
        return MARGIN + column * (width + GAP) + right, self._top + row * (height + GAP)

    def lay(self, images: np.ndarray, spec: Any, column: int = 0, right: int = 0) -> None:
        """Paste images ``[rows, columns, *shape]`` into the grid, from a column on."""
        columns = images.shape[1]
        pixels = to_rgb(images.reshape(-1, *images.shape[2:]), spec.low, spec.high)
        pixels = pixels.repeat(self.factor, axis=1).repeat(self.factor, axis=2)
        for index, image in enumerate(pixels):
            at = self.corner(index // columns, column + index % columns, right)
            self.image.paste(Image.fromarray(np.ascontiguousarray(image)), at)

    def mark(self, row: int, column: int, right: int = 0) -> None:
        """Draw a frame about a cell."""
        left, top = self.corner(row, column, right)
        height, width = self._cell
        box = (left - 2, top - 2, left + width + 1, top + height + 1)
        self._draw.rectangle(box, outline=MARK, width=2)

    def words(self, at: tuple[int, int], text: str, anchor: str, colour: str = MUTED) -> None:
        """Write a line; ``anchor`` as Pillow has it."""
        text = printable(text, lines=False)
        self._draw.text(at, text, fill=colour, font=self._font, anchor=anchor)

    def head(self, text: str, left: int = MARGIN, line: int = 0) -> None:
        """Write a line above the grid, counted from the lowest."""
        self.words((left, self._top - 9 - line * LINE), text, "ls", INK)

    def foot(self, text: str, line: int = 0) -> None:
        """Write a line beneath the grid."""
        self.words((MARGIN, self._below + line * LINE), text, "la")

    def sign(self, shown: Any, name: str) -> None:
        """Write beneath the grid which run and step it shows."""
        title, weights = f"{name}, " * bool(name), ", averaged weights" * shown.averaged
        self.foot(f"{title}step {shown.step:,}{weights}, seed {shown.seed}")
