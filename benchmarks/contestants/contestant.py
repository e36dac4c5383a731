"""What a contestant is to the worker."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..turns import CALL_SECONDS, Turns


class Contestant:
    """A game that is built and can be played.

    Args:
        play: Plays that many rounds, and returns when they are done.
        weights: The number of trainable weights of G and of D: equal for all contestants.
        losses: D's and G's last loss, to see at the end that they are numbers.
        call_seconds: About how long one call of ``play`` should take.
        about: Versions and whatever else the table should say.
    """

    def __init__(
        self,
        play: Callable[[int], Any],
        weights: tuple[int, int],
        losses: Callable[[], tuple[float, float]],
        call_seconds: float = CALL_SECONDS,
        **about: Any,
    ):
        self.run, self._losses = play, losses
        self.call_seconds = call_seconds
        self.about = {"weights": list(weights), **about}

    def play(self, turns: Turns) -> None:
        """Play as many rounds as asked for, until there are no more turns."""
        while True:
            self.run(turns.rounds())

    def end(self) -> dict[str, Any]:
        """What is left to say: the last losses.

        Raises:
            RuntimeError: If they are not finite; what was timed is then no training.
        """
        losses = [float(loss) for loss in self._losses()]
        if not all(map(math.isfinite, losses)):
            raise RuntimeError(f"the last losses are {losses}")
        return {"losses": losses}


def unit_range(examples: np.ndarray, networks: str) -> np.ndarray:
    """Stored examples as networks want them, float32: bytes to [0, 1]; for DCGAN to [−1, 1]."""
    if examples.dtype != np.uint8:
        return examples.astype(np.float32)
    scaled = examples.astype(np.float32) / 255
    return scaled * 2 - 1 if networks == "dcgan" else scaled
