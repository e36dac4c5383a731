"""Draw figure 1 of the paper: four moments of a game on the line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UsageError
from ...safe_io import printable
from ..plain_text import plain_text
from ..snapshot import Snapshot
from .line_panel import LinePanel, common_limits
from .style import INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = 4
DPI = 160
SMALL: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": MUTED}
POOR = 0.5
"""G is poor while JSD(p_data ‖ p_g) is at least this share of what it was at the start."""
CURVES = ("x", "data", "generated", "optimal", "discriminator", "latents", "images")
ERROR = "max|D−D*|"
MEANING = (
    "V, C(G) and JSD in nats (−log 4 = −1.386, log 2 = 0.693); "
    "arrows: z → x = G(z), at equal shares of p(z)"
)


def choose_panels(
    snapshots: Sequence[Snapshot], steps: Sequence[int] | None = None
) -> list[Snapshot]:
    """Choose the four snapshots that the figure shows.

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
        UsageError: If there are too few, or none of a given step.
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
            hint="play more steps, or log more often: monitoring.log_every",
        )
    last = len(snapshots) - 1
    jsd = [snapshot.numbers.get("jsd", math.nan) for snapshot in snapshots]
    gap = [snapshot.numbers.get("gap", math.inf) for snapshot in snapshots]
    poor = [i for i in range(1, last - 1) if jsd[i] >= POOR * jsd[0]] or [1]
    second = min(poor, key=lambda i: gap[i])
    later = range(second + 1, last)
    third = min(later, key=lambda i: abs(jsd[i] - jsd[second] / 2))
    return [snapshots[i] for i in (0, second, third, last)]


@plain_text()
def figure_1(shown: Sequence[Snapshot], name: str = "") -> Figure:
    """Draw the figure.

    Args:
        shown: The snapshots, from left to right.
        name: The run's, written beneath.
    """
    from matplotlib.figure import Figure

    count = len(shown)
    figure = Figure(figsize=(0.95 + 2.45 * count, 4.3), facecolor=PAPER)
    width = figure.get_figwidth()
    ends = {"left": 0.55 / width, "right": 1 - 0.48 / width}
    above = figure.add_gridspec(1, count, **ends, top=0.78, bottom=0.38, wspace=0.09)
    below = figure.add_gridspec(1, count, **ends, top=0.31, bottom=0.06, wspace=0.09)
    limits = common_limits(shown)
    curves: list[Any] = []
    for column, snapshot in enumerate(shown):
        upper, lower = figure.add_subplot(above[column]), figure.add_subplot(below[column])
        ends_of_row = {"left": column == 0, "right": column == count - 1}
        panel = LinePanel(upper, lower, limits, **ends_of_row)
        panel.show(snapshot)
        curves = panel.curves
        title = f"({_letter(column)})  step {snapshot.step:,}"
        upper.set_title(title, fontsize=10, color=INK, pad=26)
        words = describe_panel(snapshot)
        lines = "   ".join(words[:-2]) + "\n" + "   ".join(words[-2:])
        upper.text(0.5, 1.03, lines, transform=upper.transAxes, **SMALL)
    where: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 1.0)}
    look: dict[str, Any] = {"frameon": False, "fontsize": 9, "labelcolor": INK, "handlelength": 2.6}
    figure.legend(handles=curves, ncols=len(curves), **where, **look)
    name = printable(name, lines=False)
    figure.text(0.5, 0.015, f"{name}: {MEANING}" if name else MEANING, **SMALL)
    return figure


def describe_panel(snapshot: Snapshot) -> list[str]:
    """Format the numbers of a panel.

    >>> zeros = np.zeros(2)
    >>> numbers = {"value": -1.25, "criterion": -1.0, "jsd": 0.193, "discriminator_error": 0.2}
    >>> describe_panel(Snapshot(5, 0, 1, zeros, zeros, None, zeros, zeros, numbers))
    ['V −1.250', 'C(G) −1.000', 'JSD 0.1930', 'max|D−D*| 0.20']
    """
    names = {"value": ("V", 3), "criterion": ("C(G)", 3), "jsd": ("JSD", 4)}
    names["discriminator_error"] = (ERROR, 2)
    return [
        f"{name} {round(snapshot.numbers[key], places) + 0.0:.{places}f}".replace("-", "−")
        for key, (name, places) in names.items()
        if key in snapshot.numbers
    ]


def to_arrays(shown: Sequence[Snapshot]) -> dict[str, np.ndarray]:
    """Collect the arrays of the figure by name, such as ``a_generated`` of panel (a).

    >>> zeros = np.zeros(2)
    >>> sorted(to_arrays([Snapshot(5, 0, 1, zeros, zeros, None, zeros, zeros)]))
    ['a_data', 'a_generated', 'a_images', 'a_latents', 'a_optimal', 'a_step', 'a_x']
    """
    found: dict[str, np.ndarray] = {}
    for column, snapshot in enumerate(shown):
        for name in ("step", *CURVES, *snapshot.numbers):
            value = snapshot.numbers.get(name, getattr(snapshot, name, None))
            if value is not None:
                found[f"{_letter(column)}_{name}"] = np.asarray(value)
    return found


def _letter(column: int) -> str:
    return chr(ord("a") + column)
