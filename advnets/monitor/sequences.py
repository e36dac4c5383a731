"""Draw sequences as curves, one panel for each, all with the same limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..safe_io import printable
from .paper import CHANNELS, INK, MUTED, PAPER, strip_axes
from .plain_text import plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS, MOST_COLUMNS = 10, 8
"""Panels of a figure; more samples are not shown, which the title says."""
PANEL = (1.7, 1.0)
"""Inches."""


@plain_text()
def sequence_figure(
    x: np.ndarray,
    columns: int | None = None,
    reference: np.ndarray | None = None,
    title: str = "",
    label: str = "generated",
) -> Figure:
    """Draw each sequence as lines over its steps, one for each channel.

    Args:
        x: ``[n, steps, channels]``.
        columns: Sequences in a row; about a square of panels by default.
        reference: Real sequences ``[m, steps, channels]``: the first are drawn in a row above,
            and all of them fix the limits.
        title: Written above.
        label: What they are called next to real ones.

    >>> figure = sequence_figure(np.zeros((6, 20, 2)), columns=3)
    >>> len(figure.axes), len(figure.axes[0].lines)
    (6, 2)
    """
    from matplotlib.figure import Figure

    x = np.asarray(x, np.float64).reshape(len(x), x.shape[1], -1)
    wide = min(columns or math.ceil(math.sqrt(len(x))), len(x), MOST_COLUMNS)
    rows = [x[start : start + wide] for start in range(0, len(x), columns or wide)]
    shown, real = rows[:MOST_ROWS], []
    if reference is not None:
        real = [np.asarray(reference[:wide], np.float64).reshape(-1, *x.shape[1:])]
    low, high = _limits(x if reference is None else np.asarray(reference, np.float64))
    height, steps = len(real) + len(shown), np.arange(x.shape[1])
    size = max(wide, 3) * PANEL[0], height * PANEL[1] + 0.5
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    panels = figure.subplots(height, wide, sharex=True, sharey=True, squeeze=False)
    for row, (axes, sequences) in enumerate(zip(panels, [*real, *shown], strict=True)):
        for column, each in enumerate(axes):
            strip_axes(each)
            each.tick_params(labelsize=6)
            if column >= len(sequences):
                each.set_visible(False)
                continue
            for channel, line in enumerate(np.moveaxis(sequences[column], -1, 0)):
                colour = CHANNELS[channel % len(CHANNELS)]
                each.plot(steps, line, color=colour, lw=1.0, alpha=0.6 if row < len(real) else 1.0)
        if row < len(real):
            axes[0].set_ylabel("data", fontsize=8)
        elif row == len(real) and real:
            axes[0].set_ylabel(label, fontsize=8)
    panels[0, 0].set(xlim=(0, max(x.shape[1] - 1, 1)), ylim=(low, high))
    notes = [printable(title, lines=False)] if title else []
    drawn = sum(map(len, shown))
    if drawn < len(x):
        notes.append(f"{drawn} of {len(x)} samples")
    bad = int((~np.isfinite(x)).any(axis=(1, 2)).sum())
    outside = int(((x < low) | (x > high)).any(axis=(1, 2)).sum())
    if outside:
        notes.append(f"{outside} of {len(x)} leave the frame")
    if bad:
        notes.append(f"{bad} of {len(x)} samples are not finite")
    figure.suptitle("   ".join(notes) or " ", fontsize=9, color=INK)
    figure.supxlabel("step", fontsize=8, color=MUTED)
    return figure


def _limits(x: np.ndarray) -> tuple[float, float]:
    """Return the extent of all numbers, with a margin for samples that miss."""
    finite = x[np.isfinite(x)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    margin = 0.1 * (high - low) or 1.0
    return low - margin, high + margin
