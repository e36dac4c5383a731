"""Theory, live: what it says of a game on the line, at every line of metrics.jsonl."""

from __future__ import annotations

from ..data import Source
from ..game import AdversarialGame
from ..monitor import Monitor
from ..monitor.snapshot import CELLS
from .inference import Line
from .switched_off import Observers

WHO = "theory"


class TheoryWatch:
    """Computes the theory of a game, if it is one on the line, and keeps what figure 1 shows.

    On workers other than the chief, and of any other game, it does nothing.

    Args:
        game: The game.
        source: Its data.
        monitor: Who keeps it.
        observers: Where it is switched off if it fails.
    """

    def __init__(
        self, game: AdversarialGame, source: Source, monitor: Monitor, observers: Observers
    ):
        self._monitor, self._observers = monitor, observers
        self._line = Line(game, source, CELLS)

    def __call__(self, step: int) -> dict[str, float]:
        """V, C(G), JSD and so on, by their keys in metrics.jsonl."""
        if not (self._monitor.chief and self._line.fits) or WHO in self._observers:
            return {}
        try:
            numbers = self._monitor.theory(step, self._line())
        except Exception as error:
            self._observers.switch_off(WHO, step, error)
            return {}
        return {f"theory_{name}": value for name, value in numbers.items()}
