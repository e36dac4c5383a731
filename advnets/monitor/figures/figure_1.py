"""Figure 1 of the paper: four moments of a game on the line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..snapshot import Snapshot
from .line_panel import LinePanel, limits_of
from .style import INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = 4
POOR = 0.5
"""G is poor while JSD(p_data ‖ p_g) is at least this share of what it was at the start."""
ERROR = "max|D−D*|"
MEANING = (
    "V, C(G) and JSD in nats (−log 4 = −1.386, log 2 = 0.693); "
    "arrows: z → x = G(z), at equal shares of p(z)"
)


def panels(snapshots: Sequence[Snapshot], steps: Sequence[int] | None = None) -> list[Snapshot]:
    """The four moments that the figure shows.

    (a) The first snapshot. (b) Of those in which G is still poor (JSD at least half of that in
    (a)), after the first, the one in which V is nearest to C(G): D has caught up with G, though
    G has not caught up with the data. (c) The one after (b) whose JSD is nearest to half of that
    in (b). (d) The last. In the paper these are a game near convergence, D trained to D*, G
    after following D, and the solution; a run passes through them in this order.

    Args:
        snapshots: Of a run, by step.
        steps: Those to show instead.

    Returns:
        Four snapshots in order; as many as ``steps`` if those are given.

    Raises:
        UsageError: If there are too few, or none of a step that is asked for.
    """
    if steps is not None:
        known = {snapshot.step: snapshot for snapshot in snapshots}
        missing = [step for step in steps if step not in known]
        if missing:
            near = min(known, key=lambda step: abs(step - missing[0]), default=None)
            raise UsageError(
                f"there is no snapshot of step {missing[0]}",
                hint=f"the nearest is of step {near}; they are taken every monitoring.log_every "
                "rounds",
            )
        return [known[step] for step in steps]
    if len(snapshots) < PANELS:
        raise UsageError(
            f"figure 1 has four panels; the run has {len(snapshots)} snapshots",
            hint="play it on, or log more often: monitoring.log_every",
        )
    last = len(snapshots) - 1
    jsd = [snapshot.numbers.get("jsd", math.nan) for snapshot in snapshots]
    gap = [snapshot.numbers.get("gap", math.inf) for snapshot in snapshots]
    poor = [i for i in range(1, last - 1) if jsd[i] >= POOR * jsd[0]] or [1]
    second = min(poor, key=lambda i: gap[i])
    later = range(second + 1, last)
    third = min(later, key=lambda i: abs(jsd[i] - jsd[second] / 2))
    return [snapshots[i] for i in (0, second, third, last)]


def figure_1(shown: Sequence[Snapshot], name: str = "") -> Figure:
    """The figure.

    Args:
        shown: The snapshots, from left to right.
        name: The run's, written beneath.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(shown)
    figure = Figure(figsize=(0.95 + 2.45 * count, 4.3), facecolor=PAPER)
    FigureCanvasAgg(figure)
    width = figure.get_figwidth()
    ends = {"left": 0.55 / width, "right": 1 - 0.48 / width}
    above = figure.add_gridspec(1, count, **ends, top=0.78, bottom=0.38, wspace=0.09)
    below = figure.add_gridspec(1, count, **ends, top=0.31, bottom=0.06, wspace=0.09)
    limits = limits_of(shown)
    curves: list[Any] = []
    for column, snapshot in enumerate(shown):
        upper, lower = figure.add_subplot(above[column]), figure.add_subplot(below[column])
        labelled = {"left": column == 0, "right": column == count - 1}
        panel = LinePanel(upper, lower, limits, **labelled)
        panel.show(snapshot)
        curves = panel.curves
        upper.set_title(
            f"({chr(97 + column)})  step {snapshot.step:,}", fontsize=10, color=INK, pad=26
        )
        numbers: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": MUTED}
        upper.text(0.5, 1.03, in_words(snapshot), transform=upper.transAxes, **numbers)
    figure.legend(
        handles=curves,
        loc="upper center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=len(curves),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.6,
    )
    beneath: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": MUTED}
    figure.text(0.5, 0.015, f"{name}: {MEANING}" if name else MEANING, **beneath)
    return figure


def in_words(snapshot: Snapshot) -> str:
    """The numbers of a panel, in two lines.

    >>> import numpy as np
    >>> zeros = np.zeros(2)
    >>> numbers = {"value": -1.25, "criterion": -1.0, "jsd": 0.193, "discriminator_error": 0.2}
    >>> print(in_words(Snapshot(5, 0, 1, zeros, zeros, None, zeros, zeros, numbers)))
    V −1.250   C(G) −1.000
    JSD 0.193   max|D−D*| 0.20
    """
    lines = (
        (("value", "V"), ("criterion", "C(G)")),
        (("jsd", "JSD"), ("discriminator_error", ERROR)),
    )
    said = [
        "   ".join(
            f"{name} {round(snapshot.numbers[key], 4) + 0.0:.{2 if name == ERROR else 3}f}"
            for key, name in line
            if key in snapshot.numbers
        )
        for line in lines
    ]
    return "\n".join(said).replace("-", "−")
