"""Theory, live: what it says of a game on the line, at every line of metrics.jsonl."""

from __future__ import annotations

from ..builtin.theory import LiveTheoryParameters
from ..monitor.snapshot import CELLS, open_log, read_first_snapshot, take_snapshot
from ..recipe.validated import validated_by
from .inference import Line
from .observer import Moment, Observer, View


class Theory(Observer):
    """Compute V, C(G), JSD and so on of a game on the line, and keep what figure 1 shows.

    The numbers are a part of the line of metrics.jsonl that is made at the same time; what figure
    1 shows goes into ``samples/theory.jsonl``. Of any other game it does nothing.

    Args:
        every: Rounds between two computations; those between two lines of metrics.jsonl.

    Source: Goodfellow et al. 2014, theorem 1.
    """

    name = "theory"
    from_start = True

    @validated_by(LiveTheoryParameters)
    def __init__(self, every: int = 100):
        self.every = every

    def start(self, view: View, step: int) -> None:
        """Look whether the game is one on the line; drop what was kept of later rounds."""
        self._samples = view.folder.samples
        self.rewind(step or -1)  # what there is at round 0 is take_snapshot down once more
        self._line = Line(view.game, view.source, CELLS)
        self._first = read_first_snapshot(self._samples) if step else None

    def observe(self, moment: Moment) -> None:
        """Compute, and keep."""
        if not self._line.fits:
            return
        snapshot = take_snapshot(moment.step, self._line(), self._first)
        self._first = self._first or snapshot
        self._samples.mkdir(exist_ok=True)
        self._log.append(snapshot.record())
        moment.window.seen |= {f"theory_{name}": value for name, value in snapshot.numbers.items()}

    def rewind(self, step: int) -> None:
        """Drop what was kept of rounds after ``step``."""
        open_log(self._samples).truncate(step)
        self._log = open_log(self._samples)
