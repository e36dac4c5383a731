"""Style figures on axes, for paper, a light page and a dark one."""

from __future__ import annotations

from typing import Any

PAPER, INK, MUTED = "#ffffff", "#222222", "#757571"
DATA, GENERATED, JUDGE, OPTIMAL = "#1f6fb4", "#c8372b", "#222222", "#9a9a95"
"""p_data, p_g, D and D*; distinguished by their dashes too."""


def style_axes(axes: Any) -> None:
    """Remove the box of the axes, and thin the ticks."""
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=MUTED, labelsize=8, width=0.6, length=3)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(MUTED)
        spine.set_linewidth(0.6)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
