"""What an observer is: something that watches a game at a cadence and never moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ..data import Source
    from ..distribute.workers import Workers
    from ..evaluate import Score
    from ..game import AdversarialGame
    from ..plugins import Registry
    from ..recipe import Recipe
    from ..runs import RunFolder
    from .guard import Guard
    from .observers import Observers
    from .window import Window

FIXED_SEED = 0
"""Seed of the fixed latent points of the sample grids."""


@dataclass(frozen=True)
class View:
    """Hold what an observer may look at.

    Attributes:
        game: The game. Look, do not move it.
        source: Its data.
        recipe: Its recipe.
        folder: The run's folder; the chief alone writes there.
        registry: The components.
        workers: The processes that play the run.
        guard: What keeps what only watches from ending the run.
        observers: All observers, to whom :meth:`Observers.record` and
            :meth:`Observers.picture` hand on what one of them has made.
    """

    game: AdversarialGame
    source: Source
    recipe: Recipe
    folder: RunFolder
    registry: Registry
    workers: Workers
    guard: Guard
    observers: Observers


@dataclass
class Moment:
    """Hold what a run is like between two rounds.

    Attributes:
        view: What may be looked at.
        step: Rounds played.
        last: Whether they are all that the recipe asks for.
        window: What rounds have logged since the last line of metrics.jsonl.
        means: Its running means, by name.
        scores: What was measured now; ``None`` where nothing was.
        measured: The same on all workers: finite values by name, each with ``higher`` or
            ``lower``, whichever is better, or ``None``.
    """

    view: View
    step: int
    last: bool
    window: Window
    means: Mapping[str, float] = field(init=False)
    scores: list[Score] | None = None
    measured: Mapping[str, tuple[float, str | None]] | None = None

    def __post_init__(self) -> None:
        self.means = self.window.means()  # before a line is made of them and the window cleared

    @cached_property
    def made(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """G of the fixed latent points, as it gives them, and what it was told.

        Where G is told of a class, each class has a row. Made once, for whoever asks first: by
        all workers together.
        """
        view = self.view
        given, columns = view.game.by_class(n := view.recipe.settings.monitoring.samples)
        n = n if columns is None else len(next(iter(given.values())))
        return view.game.generate(n, FIXED_SEED, "grid", given=given)

    @cached_property
    def samples(self) -> np.ndarray:
        """Samples from the fixed latent points, in the data set's own range: ``[n, *shape]``."""
        return self.view.source.preprocess.invert(self.made[0])

    @property
    def columns(self) -> int | None:
        """How many of the samples belong into one row; ``None`` where it doesn't matter."""
        return self.view.game.by_class(self.view.recipe.settings.monitoring.samples)[1]


class Observer:
    """Watch a game at a cadence, and never move it: the base class.

    A run has one list of observers. One that raises is said to have failed, once, written into
    the manifest (``switched_off``) and left out for the rest of the session: the run continues.
    Components of the hook ``advnets_callbacks`` may make observers as well as Keras callbacks; a
    recipe names both under ``monitoring.callbacks``.

    Attributes:
        name: What messages call it; the name of its class by default.
        every: Rounds between two calls of :meth:`observe`, which is also called after the last
            round; 0: never.
        from_start: Whether it is also called before the first round.
        everywhere: Whether it runs on all workers, which may meet in it; else on the chief alone.
        single_rounds: Whether it must be called around every single round.
        essential: Whether what it raises ends the run. Of ours, those that keep the record.

    >>> class Count(Observer):
    ...     every = 10
    ...
    ...     def observe(self, moment):
    ...         print(moment.step, dict(moment.means))
    >>> Count().due(20, last=False), Count().due(25, last=False), Count().due(25, last=True)
    (True, False, True)
    """

    name: str = ""
    every: int = 0
    from_start: bool = False
    everywhere: bool = False
    single_rounds: bool = False
    essential: bool = False

    def due(self, step: int, last: bool) -> bool:
        """Tell whether :meth:`observe` is called after ``step`` rounds."""
        return bool(self.every) and (last or step % self.every == 0)

    def start(self, view: View, step: int) -> None:
        """Begin at ``step``, the game built and restored; drop what was kept of later rounds."""

    def before_rounds(self, step: int) -> None:
        """Be told that rounds from ``step`` on are about to be played, in one compiled call."""

    def after_rounds(self, step: int, means: Mapping[str, float]) -> None:
        """Be told that ``step`` rounds have been played, and what the last call's logged."""

    def observe(self, moment: Moment) -> None:
        """Look at the game: at the cadence ``every``, and after the last round."""

    def record(self, record: Mapping[str, Any]) -> None:
        """Be given a line of metrics.jsonl, on the chief."""

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Be given numbers by tag that a callback has written, on the chief."""

    def picture(self, step: int, name: str, path: Path) -> None:
        """Be given a picture that another observer has drawn, on the chief."""

    def rewind(self, step: int) -> None:
        """Drop what was kept of rounds after ``step``, which are about to be played again."""

    def finish(self, step: int, status: str) -> None:
        """End: the run is ``finished``, ``interrupted`` or ``failed``, after ``step`` rounds."""

    def __str__(self) -> str:
        return self.name or type(self).__name__
