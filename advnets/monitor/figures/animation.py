"""Draw figure 1 over the whole of a run, as an animation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ...errors import UsageError
from ...safe_io import printable
from ..plain_text import plain_text
from ..progress import EQUILIBRIUM
from ..snapshot import Snapshot
from .figure_1 import ERROR
from .line_panel import LinePanel, common_limits
from .style import DATA, GENERATED, INK, JUDGE, MUTED, OPTIMAL, PAPER, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FRAMES = 100
"""Frames of an animation, at most."""
SECONDS, HOLD = 10.0, 2.5
"""About how long it runs, and how long the last frame stays."""
SIZE, DPI = (8.0, 4.2), 100
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Of a line's colour at its edges, which are smoothed."""
FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}


def choose_frames(snapshots: Sequence[Snapshot], most: int = FRAMES) -> list[Snapshot]:
    """Choose the snapshots that an animation shows, more of them early, where most happens.

    Of N snapshots frame i of n is the one at N (i / n)²; the first and the last are among them.

    Args:
        snapshots: Of a run, by step.
        most: How many to choose.

    >>> choose_frames(list(range(101)), 11)
    [0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100]
    """
    indices = np.rint((len(snapshots) - 1) * np.linspace(0, 1, most) ** 2).astype(int)
    return [snapshots[index] for index in np.unique(indices)]


def write_animation(
    file: IO[bytes], snapshots: Sequence[Snapshot], suffix: str = ".gif", name: str = ""
) -> None:
    """Write the animation.

    Args:
        file: Where to.
        snapshots: Of a run, by step; at least two.
        suffix: ``.gif``, ``.webp`` or ``.png`` (an animated one).
        name: The run's, written beneath.

    Raises:
        UsageError: If there are fewer than two snapshots.
    """
    if len(snapshots) < 2:
        raise UsageError(
            f"an animation has two frames at least; the run has {len(snapshots)} snapshots",
            hint="play more steps, or log more often: monitoring.log_every",
        )
    frames = list(_frames(snapshots, name))
    each = int(1000 * SECONDS / max(len(frames), 40))
    durations = [each] * (len(frames) - 1) + [int(1000 * HOLD)]
    how: dict[str, Any] = {"save_all": True, "duration": durations, "loop": 0}
    if suffix == ".webp":
        how |= {"method": 6, "quality": 80}
    else:
        frames = _share_palette(frames)
        how["optimize"] = True
    frames[0].save(file, FORMATS[suffix], append_images=frames[1:], **how)


def _frames(snapshots: Sequence[Snapshot], name: str) -> Iterator[Image.Image]:
    """Yield the frames; of each only what changes is drawn, on what all have in common."""
    film = Animation(snapshots, name)
    canvas: Any = film.figure.canvas
    canvas.draw()
    common = canvas.copy_from_bbox(film.figure.bbox)
    for index in range(len(snapshots)):
        canvas.restore_region(common)
        for artist in film.show(index):
            film.figure.draw_artist(artist)
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


def _share_palette(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Reduce all frames to the figure's colours and their mixtures with the paper's.

    Since they are the same few in all frames, what stands still costs nothing.
    """
    paper, *inks = (
        np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        for colour in (PAPER, INK, MUTED, OPTIMAL, DATA, GENERATED)
    )
    mixed = [paper + (ink - paper) * share for ink in inks for share in SHARES]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(value) for colour in (paper, *mixed) for value in np.rint(colour)])
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def _root(step: Any) -> Any:
    return np.sqrt(np.maximum(step, 0))


def _ticks(last: int) -> list[int]:
    """Choose round steps that are well apart on an axis of roots.

    >>> _ticks(3000)
    [0, 100, 500, 1000, 2000]
    """
    ticks = [0]
    for exponent in range(len(str(last))):
        for step in (1, 2, 5):
            tick = step * 10**exponent
            if tick <= last and _root(tick) - _root(ticks[-1]) > 0.13 * _root(last):
                ticks.append(tick)
    return ticks


class Animation:
    """Draw the game at one step after the other, and the course of its numbers.

    Args:
        snapshots: Of the whole run.
        name: The run's.

    Attributes:
        figure: What all frames have in common; :meth:`show` adds the rest.
    """

    @plain_text()
    def __init__(self, snapshots: Sequence[Snapshot], name: str = ""):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._snapshots, self._name = snapshots, printable(name, lines=False)
        self.figure: Figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        margins = {"left": 0.075, "right": 0.53, "top": 0.88, "bottom": 0.07, "hspace": 0.22}
        left = self.figure.add_gridspec(2, 1, height_ratios=[1.75, 1], **margins)
        margins = {"left": 0.68, "right": 0.975, "top": 0.88, "bottom": 0.12, "hspace": 0.3}
        right = self.figure.add_gridspec(2, 1, **margins)
        cells = (left[0], left[1], right[0], right[1])
        upper, lower, values, distance = map(self.figure.add_subplot, cells)
        self._panel = LinePanel(upper, lower, common_limits(snapshots), left=True, right=True)
        curves = self._panel.curves
        where: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.3, 0.985)}
        look: dict[str, Any] = {"frameon": False, "fontsize": 8, "labelcolor": INK}
        look |= {"ncols": len(curves), "handlelength": 2, "columnspacing": 1.2}
        self.figure.legend(handles=curves, **where, **look)
        where = {"ha": "center", "va": "center", "fontsize": 10, "color": INK}
        self._title = self.figure.text(0.83, 0.945, "", **where)
        self._courses = [
            *self._course(values, [("criterion", "C(G)", GENERATED), ("value", "V", JUDGE)]),
            *self._course(distance, [("jsd", "JSD", DATA), ("discriminator_error", ERROR, JUDGE)]),
        ]
        values.axhline(EQUILIBRIUM, color=MUTED, lw=0.7)
        look = {"ha": "right", "va": "top", "fontsize": 7.5, "color": MUTED}
        across = values.get_yaxis_transform()
        values.text(0.99, EQUILIBRIUM - 0.02, "−log 4", transform=across, **look)
        values.set_ylabel("nats", fontsize=8)
        values.set_ylim(EQUILIBRIUM - 0.3, 0.12)
        values.tick_params(labelbottom=False)
        distance.set_ylim(0, 1.02)
        distance.set_xlabel("step", fontsize=8)

    def show(self, index: int) -> list[Any]:
        """Draw the frame of a snapshot; return what has changed."""
        name, step = f"{self._name}, " * bool(self._name), self._snapshots[index].step
        self._title.set_text(f"{name}step {step:,}")
        for key, course, head in self._courses:
            past = self._snapshots[: index + 1]
            known = [(s.step, s.numbers[key]) for s in past if key in s.numbers]
            steps, numbers = zip(*known, strict=True) if known else ((), ())
            course.set_data(steps, numbers)
            head.set_data(steps[-1:], numbers[-1:])
        courses = [artist for _, *artists in self._courses for artist in artists]
        return [*self._panel.show(self._snapshots[index]), *courses, self._title]

    def _course(self, axes: Any, lines: Sequence[tuple[str, str, str]]) -> list[tuple[Any, ...]]:
        """Prepare the curves of numbers over the steps so far."""
        style_axes(axes)
        first, last = self._snapshots[0].step, self._snapshots[-1].step
        axes.set_xscale("function", functions=(_root, np.square))  # as frames are chosen
        axes.set_xlim(first, last)
        axes.set_xticks(_ticks(last))
        axes.minorticks_off()
        drawn: list[tuple[Any, ...]] = []
        for key, label, colour in lines:
            if any(key in snapshot.numbers for snapshot in self._snapshots):
                dashes = "--" if colour == JUDGE else "-"
                (course,) = axes.plot([], [], dashes, color=colour, lw=1.3, label=label)
                (head,) = axes.plot([], [], "o", color=colour, ms=3, clip_on=False)
                drawn.append((key, course, head))
        if drawn:
            axes.legend(loc="upper right", frameon=False, fontsize=8, labelcolor=INK)
        return drawn
