"""Pace: how many rounds one compiled call plays, which all workers agree on."""

from __future__ import annotations

from ..distribute.signals import SIGNALS, StopRequest
from ..distribute.workers import Workers
from ..game import AdversarialGame

SIGNAL_NAMES = tuple(signal.name for signal in SIGNALS)
CALLBACK = "a callback"
SECONDS_PER_CALL = 0.5
"""About how long one compiled call may take: the longest that a signal has to wait."""


class Pace:
    """Choose the rounds of each call, and hear whether anyone wants to stop.

    Args:
        game: The game; a callback may set its ``stop_training``.
        workers: The processes that play it. They agree before every call, so that all play the
            same rounds and stop after the same one.
        stop: The request to stop, of this process.
        rounds_per_call: The most rounds of a call; 0: as many as fit.

    Attributes:
        stopped_by: The signal by which, or ``a callback``; ``None`` while nobody has asked.
        speed: Rounds per second, as last measured; 0 before the first call.
    """

    def __init__(
        self, game: AdversarialGame, workers: Workers, stop: StopRequest, rounds_per_call: int
    ):
        self._game, self._workers, self._stop = game, workers, stop
        self._rounds_per_call = rounds_per_call
        self.stopped_by: str | None = None
        self.speed = 0.0

    @property
    def by_signal(self) -> bool:
        """Whether it was a signal that stopped the run."""
        return self.stopped_by in SIGNAL_NAMES

    def next_call(self, most: int, single: bool) -> int:
        """Return how many rounds the next call plays: the chief's choice; 0 if anyone is to stop.

        Args:
            most: At the most.
            single: Whether somebody must see every round by itself.
        """
        # The first calls are short, to learn how many rounds fit into a call. What a
        # callback does after a batch must not depend on that: it sees single rounds.
        fitting = self._rounds_per_call or max(1, int(self.speed * SECONDS_PER_CALL))
        fitting = 1 if single else fitting
        wished = [self._stop.signal == name for name in SIGNAL_NAMES]
        rounds, *wishes, callback = self._workers.all_reduce_sum(
            [min(most, fitting) * self._workers.is_chief, *wished, bool(self._game.stop_training)]
        )
        by_signal = [name for name, wish in zip(SIGNAL_NAMES, wishes, strict=True) if wish]
        self.stopped_by = next(iter(by_signal), CALLBACK if callback else None)
        return 0 if self.stopped_by else rounds

    def learn(self, rounds: int, seconds: float) -> bool:
        """Take notice of how long a call took; whether that says anything of the speed."""
        if self.speed == 0.0:
            self.speed = 1e-9  # The first call holds the compilation: it says nothing.
            return False
        self.speed = min(rounds / max(seconds, 1e-9), max(self.speed, 2.0) * 8)
        return True
