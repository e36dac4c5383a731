"""Record what figure 1 shows of a game on the line at one step, in a few thousand bytes.

They are kept as lines of ``samples/theory.jsonl``, one for each line of metrics.jsonl that a
round logs, so that the figure, and an animation, can be drawn at any time after.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..runs.metrics_log import MetricsLog
from ..runs.thinned import Thinned

if TYPE_CHECKING:
    from ..evaluate.estimators.line_game import LineGame

FILE = "theory.jsonl"
BINS = 256
BINS_OF_NUMBERS, CELLS = 2**12, 2**13
"""Of x and of z: with these JSD is right within 10⁻⁵ or so, unless p_g is all but a point."""
ARROWS = 25
MOST = 4096
"""Numbers of one curve that are read."""
MOST_KEPT, OVERHEAD = 256 * 2**20, 2048
"""Bytes of memory for the snapshots of a run, and what one takes besides its curves."""
CENTRAL = (0.0005, 0.9995)
"""The shares of p_data and p_g between which the curves are drawn."""
FIGURES = 5
"""Significant figures that are kept of a curve's numbers."""
NUMBERS = ("value", "criterion", "jsd", "gap", "discriminator_error")


@dataclass(frozen=True)
class Snapshot:
    """Hold a game on the line at one step.

    Attributes:
        step: The round.
        low, high: The ends of the part of the line that is shown.
        data: p_data in equal bins between them, their mean density, ``[bins]``.
        generated: p_g, likewise.
        discriminator: D in the middle of the bins, or ``None`` where it gives no probability.
        latents: z at equal shares of the prior, ``[arrows]``.
        images: G(z), ``[arrows]``.
        numbers: V, C(G), JSD, C(G) − V and max |D − D*|, of all of the line, in nats: see
            :class:`advnets.evaluate.estimators.line_game.BinnedGame`.
    """

    step: int
    low: float
    high: float
    data: np.ndarray
    generated: np.ndarray
    discriminator: np.ndarray | None
    latents: np.ndarray
    images: np.ndarray
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def x(self) -> np.ndarray:
        """The bins' middles, ``[bins]``."""
        edges = np.linspace(self.low, self.high, len(self.data) + 1)
        return np.asarray((edges[:-1] + edges[1:]) / 2, np.float64)

    @property
    def bytes(self) -> int:
        """The memory that its curves take."""
        judge = 0 if self.discriminator is None else self.discriminator.nbytes
        curves = (self.data, self.generated, self.latents, self.images)
        return judge + sum(curve.nbytes for curve in curves)

    @property
    def optimal(self) -> np.ndarray:
        """D* = p_data / (p_data + p_g), ``[bins]``; NaN where neither is."""
        total = self.data + self.generated
        return np.divide(self.data, total, out=np.full(len(total), math.nan), where=total > 0)

    def record(self) -> dict[str, Any]:
        """Return the snapshot as JSON values, which :func:`parse_snapshot` reads."""
        return {
            "step": self.step,
            "low": self.low,
            "high": self.high,
            "data": _round(self.data),
            "generated": _round(self.generated),
            "discriminator": None if self.discriminator is None else _round(self.discriminator),
            "latents": _round(self.latents),
            "images": _round(self.images),
            **self.numbers,
        }


def take_snapshot(step: int, game: LineGame, base: Snapshot | None = None) -> Snapshot:
    """Take a snapshot of a game.

    Args:
        step: The round.
        game: At this moment.
        base: The run's first one; the part of the line that it shows is shown again.
    """
    whole = game.discretise(BINS_OF_NUMBERS)
    cumulative = np.cumsum(whole.data)
    low, high = np.interp(CENTRAL, cumulative, whole.edges[1:])
    # Samples so far away that the data could not be seen with them are left out of the picture.
    reach, width = game.generated.quantiles(CENTRAL), high - low
    low = max(min(low, reach[0]), low - 4 * width) - 0.1 * width
    high = min(max(high, reach[1]), high + 4 * width) + 0.1 * width
    if base is not None:
        low, high = min(low, base.low), max(high, base.high)
    edges = np.linspace(low, high, BINS + 1)
    shown = game.on_bins(edges)
    shares = np.cumsum(game.generated.mass) - game.generated.mass / 2
    arrows = np.searchsorted(shares, (np.arange(ARROWS) + 0.5) / ARROWS)
    return Snapshot(
        step=step,
        low=float(low),
        high=float(high),
        data=shown.data / np.diff(edges),
        generated=shown.generated / np.diff(edges),
        discriminator=shown.discriminator,
        latents=game.generated.latents[arrows],
        images=game.generated.images[arrows],
        numbers=whole.numbers(),
    )


def open_log(samples: Path) -> MetricsLog:
    """Open the log of snapshots in a run's folder ``samples/``."""
    return MetricsLog(Path(samples) / FILE)


def read_snapshots(samples: Path) -> list[Snapshot]:
    """Read the sound snapshots in a run's folder ``samples/``, by step.

    Of more than 256 MiB of them, some 30,000, every second one is kept, or every fourth, and
    so on, and the last.

    Raises:
        RunError: If the file cannot be read.
    """
    kept: Thinned[Snapshot] = Thinned(MOST_KEPT // OVERHEAD, MOST_KEPT)
    for snapshot in _sound(samples):
        kept.add(snapshot, snapshot.bytes + OVERHEAD)
    found = {snapshot.step: snapshot for snapshot in kept.items}
    return [found[step] for step in sorted(found)]


def read_first_snapshot(samples: Path) -> Snapshot | None:
    """Read the first sound snapshot in a run's folder ``samples/``, and nothing after it.

    Raises:
        RunError: If the file cannot be read.
    """
    return next(_sound(samples), None)


def _sound(samples: Path) -> Iterator[Snapshot]:
    return filter(None, map(parse_snapshot, open_log(samples).stream()))


def parse_snapshot(record: Mapping[str, Any]) -> Snapshot | None:
    """Parse the snapshot of a record; ``None`` if it is none, or its numbers cannot be drawn."""
    try:
        judged, numbers = record.get("discriminator"), {n: record.get(n) for n in NUMBERS}
        snapshot = Snapshot(
            step=int(record["step"]),
            low=float(record["low"]),
            high=float(record["high"]),
            discriminator=None if judged is None else _curve(judged),
            **{name: _curve(record[name]) for name in ("data", "generated", "latents", "images")},
            numbers={k: float(n) for k, n in numbers.items() if isinstance(n, int | float)},
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    judge = snapshot.discriminator
    sound = (
        0 <= snapshot.step
        and -1e30 < snapshot.low < snapshot.high < 1e30
        and snapshot.high - snapshot.low > 1e-9 * max(abs(snapshot.low), abs(snapshot.high))
        and len(snapshot.data) == len(snapshot.generated) > 1
        and len(snapshot.latents) == len(snapshot.images)
        and snapshot.data.min() >= 0
        and snapshot.generated.min() >= 0
    )
    if judge is not None:
        sound = sound and len(judge) == len(snapshot.data) and 0 <= judge.min() <= judge.max() <= 1
    return snapshot if sound else None


def _curve(values: Any) -> np.ndarray:
    numbers = np.array(list(islice(values, MOST)), np.float64)
    if numbers.ndim != 1 or not len(numbers) or not (np.abs(numbers) < 1e30).all():
        raise ValueError("not a curve")
    return numbers


def _round(curve: np.ndarray) -> list[float]:
    return [float(f"{value:.{FIGURES}g}") for value in curve]
