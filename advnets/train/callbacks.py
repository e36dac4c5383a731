"""The Keras callbacks of a run: told of its rounds, and switched off when they fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..errors import AdvnetsError
from ..game import AdversarialGame

CHANGING = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
    keras.callbacks.TerminateOnNaN,
)
"""Keras's own callbacks that change a game, or end it."""
ON_BATCHES = ("on_train_batch_begin", "on_train_batch_end")

Failed = Callable[[keras.callbacks.Callback, str, BaseException], None]


class Watchers:
    """Calls the callbacks, in their order, at the moments of a run.

    One that raises is an observer that has failed: it is switched off for the rest of the
    sitting, and the game goes on. One that may have changed the game, on purpose, is none:
    without it the game would be another one. Such are Keras's own that do
    (``CHANGING``), and those with an attribute ``changes_game = True``.

    Args:
        callbacks: The callbacks.
        game: The game that they watch.
        failed: Told of each that is switched off: the callback, its method, the error.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        game: AdversarialGame,
        failed: Failed,
    ):
        self._active = list(callbacks)
        self._failed = failed
        self.tell("set_model", game)

    def tell(self, method: str, *arguments: Any) -> None:
        """Call a method of every callback that has not been switched off.

        Raises:
            Exception: What a callback raises that changes the game, or an
                :class:`AdvnetsError` of any: whoever raises that means to end the run.
        """
        for callback in list(self._active):
            try:
                getattr(callback, method)(*arguments)
            except AdvnetsError:
                raise
            except (Exception, SystemExit) as error:
                if changes_game(callback):
                    raise
                self._active.remove(callback)
                self._failed(callback, method, error)

    @property
    def single_rounds(self) -> bool:
        """Whether any of them acts on batches, and so wants every round by itself."""
        base = keras.callbacks.Callback
        return any(
            getattr(type(callback), name) is not getattr(base, name)
            for callback in self._active
            for name in ON_BATCHES
        )


def changes_game(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback changes the game that it watches, as far as it says.

    >>> changes_game(keras.callbacks.TerminateOnNaN()), changes_game(keras.callbacks.Callback())
    (True, False)
    """
    return isinstance(callback, CHANGING) or bool(getattr(callback, "changes_game", False))
