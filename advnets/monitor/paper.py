"""The look of drawings: colours, and axes without a box."""

from __future__ import annotations

from typing import Any

PAPER, INK, MUTED = "#fcfcfb", "#2b2b2b", "#8a8a86"
DATA, GENERATED, JUDGE = "#1f6fb4", "#d1453b", "#6b6b67"
CHANNELS = ("#d1453b", "#1f6fb4", "#3a8f5c", "#b07a1e", "#7a4fa3", "#4a4a47")
"""Colours of the lines of one drawing, in turn."""
DPI = 120


def strip_axes(axes: Any) -> None:
    """Remove the box of the axes, and colour the ticks."""
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=MUTED, labelsize=8)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(MUTED)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
