"""What callbacks monitor: whether a run has it, and which values of it are better."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..game.fitting import LOSSES, MonitorCallback, compares, settle_direction

log = logging.getLogger(__name__)

RATE = "learning_rate_"
"""How names begin that Keras's callbacks add themselves."""


class Monitors:
    """Look after callbacks that compare a value from epoch to epoch.

    Args:
        callbacks: All callbacks, by their places.

    Attributes:
        better: ``higher`` or ``lower`` of scores that are monitored, as they were measured.
    """

    def __init__(self, callbacks: Mapping[str, Any]):
        self._all = {k: c for k, c in callbacks.items() if isinstance(c, MonitorCallback)}
        self._logged: set[str] = set()
        self._waiting: set[str] = set()
        self._said: set[str] = set()
        self.better: dict[str, str] = {}

    def check(self, logged: Sequence[str], scored: Sequence[str]) -> None:
        """Refuse what monitors something that a run will never have.

        Args:
            logged: What a round logs.
            scored: The metrics that are computed on the way.

        Raises:
            UsageError: It says what there is; or if nobody says which values of it are better.
        """
        self._logged = set(logged)
        for callback in self._all.values():
            name = callback.monitor
            if not compares(callback):
                continue
            if name in self._logged or name.startswith(RATE):
                settle_direction(callback)
            elif not scored:
                raise UsageError(
                    f"{type(callback).__name__} monitors {name!r}, which this run does not have",
                    where="monitoring.callbacks",
                    hint=f"rounds log {', '.join(sorted(logged))}; evaluation.metrics and "
                    "evaluation.every add scores",
                )

    def settle(self, better: Mapping[str, str]) -> None:
        """Settle which values are better, where that is known before the first score.

        Args:
            better: What is known of scores.
        """
        self.better = dict(better)
        for place, callback in self._all.items():
            known = callback.mode != "auto" or callback.monitor in (*LOSSES, *self.better)
            if known or not compares(callback):
                settle_direction(callback, self.better.get(callback.monitor))
            else:
                self._waiting.add(place)

    def lacks(self, callback: Any, logs: Mapping[str, Any]) -> bool:
        """Tell whether there is nothing to compare in an epoch: no new score was measured."""
        if callback not in self._all.values() or not compares(callback):
            return False
        return callback.monitor not in logs and not callback.monitor.startswith(RATE)

    def hear(self, scores: Mapping[str, tuple[float, str | None]]) -> list[str]:
        """Settle what waited for a score; say once of a name that it is none of them.

        Returns:
            The places of those that are settled now.

        Raises:
            UsageError: If nobody says which values of it are better.
        """
        settled = []
        for place, callback in self._all.items():
            name = callback.monitor
            if name in scores and place in self._waiting:
                settle_direction(callback, scores[name][1])
                self.better[name] = scores[name][1] or ""
                self._waiting.remove(place)
                settled.append(place)
            elif compares(callback) and name not in {*scores, *self._logged, *self._said}:
                self._said.add(name)
                log.warning(
                    "%s monitors %r, which was not measured; scores are %s",
                    *(type(callback).__name__, name, ", ".join(scores) or "none"),
                )
        return settled
