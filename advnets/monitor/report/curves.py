"""Draw curves of a run as inline SVG, coloured by the page that holds them.

matplotlib draws with placeholder colours, which are then replaced by CSS variables, so
that one drawing serves a light page, a dark page and paper.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..plain_text import plain_text

COLOURS = {"ink": "#010203", "muted": "#040506", "rule": "#070809"}
COLOURS |= {"real": "#0a0b0c", "fake": "#0d0e0f"}
"""Names of the page's CSS variables and the placeholders that stand for them."""

POINTS = 600
"""More points than this are thinned: nobody sees them, and the page must stay small."""
SMOOTH_FROM = 60


@dataclass(frozen=True)
class Line:
    """Describe one curve: its name, its points and its colour (a key of ``COLOURS``)."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = "ink"
    error: Sequence[float] | None = None


@dataclass(frozen=True)
class Chart:
    """Describe one set of axes.

    Attributes:
        title: What it shows.
        lines: The curves.
        note: A sentence beneath it.
        unit: Of the vertical axis.
        reference: A horizontal line and its name, or ``None``.
        limits: The vertical axis's ends, or ``None``.
        log: Whether the vertical axis is logarithmic.
    """

    title: str
    lines: Sequence[Line] = field(default_factory=tuple)
    note: str = ""
    unit: str = ""
    reference: tuple[float, str] | None = None
    limits: tuple[float, float] | None = None
    log: bool = False

    @property
    def summary(self) -> str:
        """The chart in words, for those who cannot see it."""
        parts = [
            f"{line.label} goes from {line.y[0]:.4g} at step {line.x[0]:.0f} "
            f"to {line.y[-1]:.4g} at step {line.x[-1]:.0f}"
            for line in self.lines
        ]
        return f"{self.title}: {'; '.join(parts)}."


def to_line(records: Sequence[Mapping[str, Any]], key: str, label: str, colour: str) -> Line | None:
    """Make the curve of ``key`` over the steps where it is defined; ``None`` if there are none.

    >>> to_line([{"step": 1, "a": 2.0}, {"step": 2, "a": None}], "a", "A", "ink").y
    [2.0]
    """
    points = [
        (record["step"], record[key])
        for record in records
        if isinstance(record.get(key), int | float) and math.isfinite(record[key])
    ]
    if not points:
        return None
    return Line(label, [x for x, _ in points], [y for _, y in points], colour)


def chart_to_svg(chart: Chart) -> str:
    """Draw the chart as an ``<svg>`` element, its colours being CSS variables."""
    return to_svg(chart.title, lambda figure: _draw(figure.subplots(), chart))


def to_svg(title: str, draw: Callable[[Any], None], size: tuple[float, float] = (5.6, 3.0)) -> str:
    """Let ``draw`` draw into a figure, and return it as an ``<svg>`` element.

    Args:
        title: Equal titles and drawings give equal text.
        draw: Called with a ``matplotlib.figure.Figure``; its colours are those of ``COLOURS``.
        size: In inches.
    """
    from matplotlib.figure import Figure

    with plain_text(svg_fonttype="none", svg_hashsalt=title, font_size=9):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_alpha(0)
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for size_of in ("width", "height"):
        text = re.sub(rf'(<svg[^>]*?) {size_of}="[^"]*"', r"\1", text)
    for name, placeholder in COLOURS.items():
        text = text.replace(placeholder, f"var(--{name})")
    return text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _draw(axes: Any, chart: Chart) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    ink, muted = COLOURS["ink"], COLOURS["muted"]
    axes.patch.set_alpha(0)
    if chart.reference is not None:
        value, name = chart.reference
        axes.axhline(value, color=muted, lw=1, ls=(0, (4, 3)))
        points = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        axes.annotate(name, (0, value), (3, 3), color=muted, fontsize=8, **points)
    for number, item in enumerate(chart.lines):
        x, y = thin(np.asarray(item.x, float), np.asarray(item.y, float))
        style = {"color": COLOURS[item.colour], "ls": "-" if number == 0 else (0, (5, 1.5))}
        if item.error is not None:
            axes.errorbar(x, y, item.error, marker="o", ms=4, lw=1.5, capsize=3, **style)
        elif len(x) >= SMOOTH_FROM:
            axes.plot(x, y, color=COLOURS[item.colour], lw=0.7, alpha=0.35)
            axes.plot(x, smooth(y, chart.log), lw=1.7, **style)
        else:
            axes.plot(x, y, lw=1.5, marker="o" if len(x) == 1 else "", **style)
        axes.plot([], [], lw=1.7, label=item.label, **style)
    if chart.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    if chart.limits is not None:
        axes.set_ylim(*chart.limits)
    axes.set_xlabel("step", color=muted)
    if chart.unit:
        axes.set_ylabel(chart.unit, color=muted)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
    show_scale(axes)
    if len(chart.lines) > 1:
        where: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.0)}
        look = {"frameon": False, "labelcolor": ink, "borderpad": 0, "borderaxespad": 0.2}
        axes.legend(ncols=len(chart.lines), **where, **look)


def show_scale(axes: Any, colours: Mapping[str, str] = COLOURS) -> None:
    """Rule horizontal lines behind what is drawn, and leave of the frame its bottom."""
    axes.grid(axis="y", color=colours["rule"], lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=colours["muted"], length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(colours["rule"])


def thin(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Keep at most about ``points`` of the points: of each stretch the least and the greatest.

    Peaks survive, which plain skipping would lose.

    >>> x, y = thin(np.arange(10_000.0), np.eye(1, 10_000, 5_003)[0])
    >>> len(x) <= 600, y.max()
    (True, np.float64(1.0))
    """
    if len(x) <= points:
        return x, y
    stretches = np.array_split(np.arange(len(x)), points // 2)
    kept = {int(part[pick(y[part])]) for part in stretches for pick in (np.argmin, np.argmax)}
    order = sorted(kept)
    return x[order], y[order]


def smooth(y: np.ndarray, log: bool = False) -> np.ndarray:
    """Compute a moving mean over a fiftieth of the curve (of logarithms, on such an axis)."""
    width = max(3, len(y) // 50) | 1
    positive = log and bool((y > 0).all())
    values = np.log(y) if positive else y
    padded = np.pad(values, width // 2, mode="edge")
    mean = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    return np.exp(mean) if positive else mean
