"""Running means of what rounds log."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..game import NORMS_MEASURED, SAMPLED_NORMS, WEIGHTS_SEEN
from ..game.means import is_of_every_round

ROUNDS_AVERAGED = "rounds_averaged"
"""1 or 0: whether a round counts in the means; logged where a player may skip a step."""
NOT_TOLD = (NORMS_MEASURED, ROUNDS_AVERAGED, *WEIGHTS_SEEN)
"""What is added up and is no measurement of its own."""


class Window:
    """Running means over the rounds since the last log, and what else its line will have.

    Args:
        rounds: How many rounds there were.
        sums: What they logged, summed.
        seen: What was measured once in this time, such as the variety of a sample grid.

    >>> window = Window()
    >>> window.add({"d_loss": 3.0}, rounds=2)
    >>> window.means()
    {'d_loss': 1.5}
    """

    def __init__(
        self,
        rounds: int = 0,
        sums: dict[str, float] | None = None,
        seen: dict[str, float] | None = None,
    ):
        self.rounds = rounds
        self.sums = dict(sums or {})
        self.seen = dict(seen or {})
        self._timed, self._seconds = 0, 0.0

    def clear(self) -> None:
        """Begin from scratch."""
        vars(self).update(vars(Window()))

    def time(self, rounds: int, seconds: float) -> None:
        """Add the time that some rounds took."""
        self._timed += rounds
        self._seconds += seconds

    @property
    def speed(self) -> float | None:
        """Rounds per second, of those that were timed."""
        return self._timed / self._seconds if self._seconds else None

    def add(self, sums: dict[str, float], rounds: int) -> None:
        """Add the sums of some rounds."""
        self.rounds += rounds
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def kept(self) -> dict[str, Any]:
        """Return what a checkpoint keeps, for a line that is logged in another session.

        >>> Window(**Window(2, {"d_loss": 3.0}, {"modes": 8.0}).kept()).seen
        {'modes': 8.0}
        """
        seen = {name: float(value) for name, value in self.seen.items() if np.isfinite(value)}
        return {"rounds": self.rounds, "sums": self.sums, "seen": seen}

    def means(self) -> dict[str, float]:
        """Return the mean of everything added; of gradient norms, over the rounds that measured
        them.

        Rounds in which a scaled gradient overflowed are left out.

        >>> Window(20, {"g_gradient_norm": 3.0, "norms_measured": 2.0}).means()
        {'g_gradient_norm': 1.5}
        >>> Window(5, {"g_gradient_norm": 0.0, "norms_measured": 0.0}).means()
        {}
        >>> Window(5, {"d_loss": 2.0, "d_skipped": 1.0, "rounds_averaged": 4.0}).means()
        {'d_loss': 0.5, 'd_skipped': 0.2}
        """
        averaged = self.sums.get(ROUNDS_AVERAGED, float(self.rounds))
        measured = self.sums.get(NORMS_MEASURED, averaged)
        counts = {name: averaged for name in self.sums if not is_of_every_round(name)}
        counts |= dict.fromkeys(SAMPLED_NORMS, measured)
        return {
            name: total / counts.get(name, self.rounds)
            for name, total in self.sums.items()
            if name not in NOT_TOLD and counts.get(name, self.rounds)
        }

    def not_finite(self) -> tuple[str, ...]:
        """Return the names whose sums are NaN or infinite, the players' losses before anything
        else.

        >>> Window(1, {"value": float("nan"), "g_loss": float("inf"), "d_real": 0.5}).not_finite()
        ('g_loss', 'value')
        """
        bad = [name for name, total in self.sums.items() if not np.isfinite(total)]
        return tuple(sorted(bad, key=lambda name: (not name.endswith("_loss"), name)))
