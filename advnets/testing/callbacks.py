"""Checks of callbacks."""

from __future__ import annotations

import keras
import numpy as np

from . import toys
from .failure import fail
from .subject import Subject


def is_a_keras_callback(subject: Subject) -> None:
    """A run tells Keras callbacks of its rounds and epochs."""
    _made(subject)


def watches_a_short_game(subject: Subject) -> None:
    """It raises nothing, and the game stays finite."""
    made = toys.game()
    made.fit(toys.examples(32), batch_size=8, epochs=2, verbose=0, callbacks=[_made(subject)])
    if not all(np.isfinite(weight).all() for weight in made.generator.get_weights()):
        fail("in a short game that it watches, the generator's weights become NaN")


def _made(subject: Subject) -> keras.callbacks.Callback:
    callback = subject.make()
    if not isinstance(callback, keras.callbacks.Callback):
        fail(f"it makes {type(callback).__name__}, not a keras.callbacks.Callback")
    return callback
