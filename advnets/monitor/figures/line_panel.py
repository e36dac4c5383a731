"""Draw one panel of figure 1: the densities and D above, the mapping z → x below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..snapshot import Snapshot
from .style import DATA, GENERATED, INK, JUDGE, MUTED, OPTIMAL, style_axes

HEADROOM = 1.08
CUT = 2.2
"""Peaks of p_g are cut off above so many times that of p_data: they would flatten all else."""
INSET = 0.04
"""The line of z is a little shorter than that of x."""


@dataclass(frozen=True)
class Limits:
    """Hold the limits that all panels of a figure share.

    Attributes:
        x: The ends of the line of x.
        z: The ends of the line of z.
        density: The top of the axis of densities.
        judged: Whether D gives a probability.
    """

    x: tuple[float, float]
    z: tuple[float, float]
    density: float
    judged: bool


def common_limits(snapshots: Sequence[Snapshot]) -> Limits:
    """Return limits within which all of these snapshots are seen."""
    data = max(float(s.data.max()) for s in snapshots)
    generated = max(float(s.generated.max()) for s in snapshots)
    low = min(float(s.latents.min()) for s in snapshots)
    high = max(float(s.latents.max()) for s in snapshots)
    return Limits(
        x=(min(s.low for s in snapshots), max(s.high for s in snapshots)),
        z=(low, high) if low < high else (low - 1, high + 1),
        density=HEADROOM * max(data, min(generated, CUT * data)) or 1.0,
        judged=any(s.discriminator is not None for s in snapshots),
    )


class LinePanel:
    """Draw one snapshot after the other in a panel.

    Args:
        upper: Axes for the densities and, with a second scale, D.
        lower: Axes for the mapping.
        limits: Of the whole figure.
        left: Whether the scale of densities is labelled.
        right: Whether the scale of D is.

    Attributes:
        curves: For a legend.
    """

    def __init__(self, upper: Any, lower: Any, limits: Limits, *, left: bool, right: bool):
        self._limits, self._lower = limits, lower
        (data,) = upper.plot([], [], ":", color=DATA, lw=2.2, label="p(data)")
        (generated,) = upper.plot([], [], color=GENERATED, lw=1.6, label="p(generated)")
        upper.set_xlim(*limits.x)
        upper.set_ylim(0, limits.density)
        style_axes(upper)
        upper.tick_params(labelleft=left)
        if left:
            upper.set_ylabel("density", fontsize=9)
        judge = upper.twinx()
        judge.set_ylim(0, HEADROOM)
        judge.patch.set_visible(False)
        style_axes(judge)
        judge.spines["left"].set_visible(False)
        self.curves = [data, generated]
        if limits.judged:
            judge.spines["right"].set_visible(True)
            judge.set_yticks([0, 0.5, 1])
            judge.tick_params(labelright=right)
            judge.axhline(0.5, color=MUTED, lw=0.5, alpha=0.6)
            self.curves += judge.plot([], [], "--", color=JUDGE, lw=1.5, label="D")
            self.curves += judge.plot([], [], color=OPTIMAL, lw=0.9, zorder=1.5, label="D*")
            if right:
                judge.set_ylabel("D(x)", fontsize=9)
        else:
            judge.set_yticks([])
        self._arrows: Any = None
        _lines(lower, limits, left)

    def show(self, snapshot: Snapshot) -> list[Any]:
        """Draw a snapshot in place of the one before.

        Returns:
            What has changed on the axes.
        """
        none = np.full(len(snapshot.data), np.nan)
        judge = none if snapshot.discriminator is None else snapshot.discriminator
        shown = [snapshot.data, snapshot.generated, judge, _mask_optimal(snapshot)]
        for curve, y in zip(self.curves, shown, strict=False):
            curve.set_data(snapshot.x, y)
        if self._arrows is not None:
            self._arrows.remove()
            self._arrows = None
        start, end = self._limits.x
        seen = (start <= snapshot.images) & (snapshot.images <= end)
        z, x = _project(snapshot.latents[seen], self._limits), snapshot.images[seen]
        if len(x):
            how = {"angles": "xy", "scale_units": "xy", "scale": 1, "units": "inches"}
            head = {"width": 0.008, "headwidth": 6, "headlength": 9, "headaxislength": 8}
            look = {"color": GENERATED, "alpha": 0.85}
            self._arrows = self._lower.quiver(z, 0 * z, x - z, 1 + 0 * z, **how, **head, **look)
        return [*self.curves, *([self._arrows] if self._arrows else [])]


def _mask_optimal(snapshot: Snapshot) -> np.ndarray:
    """Return D* where either density is not 0; p_g's tails end at six deviations of z."""
    total = snapshot.data + snapshot.generated
    return np.where(total > 1e-6 * total.max(), snapshot.optimal, np.nan)


def _project(z: Any, limits: Limits) -> Any:
    """Project z onto the line of x."""
    (start, end), (low, high) = limits.x, limits.z
    return start + (end - start) * (INSET + (1 - 2 * INSET) * (z - low) / (high - low))


def _lines(axes: Any, limits: Limits, named: bool) -> None:
    """Draw a line of z, below, and the line of x, above, which the upper axes share."""
    axes.set_xlim(*limits.x)
    axes.set_ylim(-0.3, 1.0)
    axes.axis("off")
    axes.plot(limits.x, [1, 1], color=INK, lw=1, clip_on=False)
    axes.plot(_project(np.array(limits.z), limits), [0, 0], color=INK, lw=1)
    for tick in _ticks(*limits.z):
        at, label = _project(tick, limits), f"{tick:g}".replace("-", "−")
        axes.plot([at, at], [0, -0.05], color=INK, lw=0.6)
        axes.text(at, -0.09, label, ha="center", va="top", fontsize=8, color=MUTED)
    if named:
        side = axes.get_yaxis_transform()
        for name, height in (("x", 1.0), ("z", 0.0)):
            look = {"ha": "right", "va": "center", "fontsize": 10, "style": "italic"}
            axes.text(-0.03, height, name, transform=side, color=INK, **look)


def _ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high]
