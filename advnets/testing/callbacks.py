"""Checks of callbacks: Keras's, and observers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np

from ..observe import Observer
from . import toys
from .building import build, made_of
from .failure import fail
from .subject import Subject
from .trial import Trial
from .watched import Show

END = 6
"""Rounds that an observer is shown."""


def is_a_callback_or_an_observer(subject: Subject) -> None:
    """A run tells Keras callbacks of its rounds and epochs, and observers of its moments; it
    takes it.
    """
    build(subject)


def watches_a_short_game(subject: Subject) -> None:
    """It raises nothing, and the game stays finite."""
    made = _made(subject)
    if isinstance(made, Observer):
        _observe(subject)
        return
    trial = Trial(subject.example)
    game = toys.game(trial)
    if getattr(made, "mode", None) == "auto":  # of scores, which a run has and `fit` has not
        made.mode = "min"
    examples = trial.values("example", 32)
    game.fit(examples, batch_size=8, epochs=2, verbose=0, callbacks=[made])
    if not all(np.isfinite(weight).all() for weight in game.generator.get_weights()):
        fail("in a short game that it watches, the generator's weights become NaN")


def drops_what_is_played_again(subject: Subject) -> None:
    """A run that goes back some rounds, or is resumed before them, ends with the same files.

    Asked of observers: their ``rewind`` and ``start`` drop what was kept of later rounds. Lines
    of text files are counted.
    """
    if not isinstance(_made(subject), Observer):
        return
    with tempfile.TemporaryDirectory() as path:
        straight, back, resumed = (
            Show(subject, Path(path) / name) for name in ("straight", "back", "resumed")
        )
        straight.moments(range(END + 1), END)
        back.moments(range(5), END)
        back.observers.rewind(2)
        back.moments(range(3, END + 1), END)
        resumed.moments(range(5), END)
        resumed.begin(2)
        resumed.moments(range(3, END + 1), END)
        for show in (straight, back, resumed):
            show.finish(END)
        for how, show in (("went back to round 2", back), ("was resumed at round 2", resumed)):
            for name, expected in straight.lines().items():
                found = show.lines().get(name)
                if found != expected:
                    fail(
                        f"in a run that {how}, {name} has {found} lines, else {expected}",
                        hint="drop what was kept of rounds after `step`, in rewind(step), and in "
                        "start(view, step) as well",
                    )


def _observe(subject: Subject) -> None:
    """Show an observer the beginning and the end of a run; refuse one that raises, or moves it."""
    with tempfile.TemporaryDirectory() as path:
        show = Show(subject, Path(path) / "run")
        before = show.game.generator.get_weights()
        show.moments((0, END), END)
        show.finish(END)
    if not all(map(np.array_equal, before, show.game.generator.get_weights())):
        fail("it changes the generator's weights; an observer looks and does not move")


def _made(subject: Subject) -> keras.callbacks.Callback | Observer:
    made: keras.callbacks.Callback | Observer = made_of(subject)
    return made
