"""Keras callbacks that change the game: they move it, so they are no observers."""

from __future__ import annotations

import keras

from ..game import AdversarialGame
from ..game.state import state_variables
from ..observe.callbacks import EPOCH, KerasMoments

CHANGING = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
    keras.callbacks.TerminateOnNaN,
)
"""Keras's own callbacks that change a game, or end it."""


class ChangingCallbacks(KerasMoments):
    """Call Keras callbacks that change the game: without them it would be another one.

    Such are Keras's own that do (``CHANGING``), and those with an attribute ``changes_game =
    True``. What one raises ends the run.
    """

    def begin(self, game: AdversarialGame, step: int) -> None:
        """Begin at ``step``; what they did to the game up to there is in its state already."""
        resumed = self._kept.get(EPOCH, {}).get("begun")
        state = state_variables(game) if resumed else {}
        before = {name: variable.numpy() for name, variable in state.items()}
        super().begin(game, step)
        for name, variable in state.items():
            variable.assign(before[name])


def changes_game(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback changes the game that it watches, as far as it says.

    >>> changes_game(keras.callbacks.TerminateOnNaN()), changes_game(keras.callbacks.Callback())
    (True, False)
    """
    return isinstance(callback, CHANGING) or bool(getattr(callback, "changes_game", False))
