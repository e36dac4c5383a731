"""Tell a game's components what they may know of the run that they are made for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data import DataSpec, Field
from ..errors import DataError, UsageError


def _no_data(field: str) -> np.ndarray:
    raise DataError(f"{field!r} of the training data is needed, but no data set is attached")


def _no_maker(kind: str, entry: Any, context: Any) -> Any:
    raise UsageError(
        f"{entry!r:.100} of the {kind} is named, and there is no recipe to look it up by",
        hint="by hand, give the component itself",
    )


@dataclass(frozen=True)
class GameContext:
    """Hold what a component of the game may know: data, seed, lengths.

    Attributes:
        spec: What the data set's examples and fields look like.
        seed: The run's seed.
        batch_size: Examples in a global batch.
        steps: Rounds to be played.
        name: Of a condition: the field that it draws.
        frequencies: Returns a class field's frequencies in the training data, float64
            ``[classes]``; a function, since it reads the labels.
        maker: Makes what :meth:`make` is asked for.
        values: Returns a field of all training examples, ``[examples, …]`` as stored: for
            :meth:`.Condition.indices`, which a run without its data doesn't call.
        streams: What the examples and fields of each stream look like, by its name.
        range: The ends of the interval that the networks' examples lie in, once preprocessed;
            ``None`` where it is not known, as after ``gcn``.
    """

    spec: DataSpec
    seed: int = 0
    batch_size: int = 1
    steps: int = 1
    name: str = ""
    frequencies: Callable[[str], np.ndarray] = _no_data
    maker: Callable[[str, Any, GameContext], Any] = _no_maker
    streams: Mapping[str, DataSpec] = field(default_factory=dict)
    values: Callable[[str], np.ndarray] = _no_data
    range: tuple[float, float] | None = None

    def make(self, kind: str, entry: Any) -> Any:
        """Make a component that a parameter names (:class:`advnets.Names`).

        Hold it as an attribute, so that its variables are found and saved.

        Args:
            kind: ``losses``, ``penalties``, ``augmentations``, ``conditions``, ``encounters``,
                ``priors``, or ``updates``.
            entry: A name, or a mapping with ``name`` and parameters; a component that was made
                already, by hand, is returned as it is.

        Raises:
            PluginError: If there is no such component, or if it cannot be made.
            UsageError: If its parameters do not fit.
        """
        return self.maker(kind, entry, self) if isinstance(entry, str | Mapping) else entry

    def class_field(self, name: str | None = None) -> Field:
        """Return a field of classes of the data set; by default the condition's own.

        Raises:
            DataError: If there is no such field, or if it has no classes.
        """
        own = self.spec.field(name or self.name)
        if own.classes is None:
            raise DataError(
                f"the field {name or self.name!r} has no classes",
                hint="a condition that draws classes needs a field of classes, such as label",
            )
        return own
