"""Read what a compiled round takes for constant: plain numbers of a game's components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..schedule import Scheduled
from .configured import Configured
from .optimizers import parts

if TYPE_CHECKING:
    from .game import AdversarialGame

NUMBERS = (bool, int, float, str, type(None))
SETTINGS = ("discriminator_calls", "norms_every", "sees_weights", "skips")
"""Attributes of a game that are no arguments of its constructor, and decide how it is played."""


def read_constants(game: AdversarialGame) -> list[Any]:
    """Return the numbers that TensorFlow takes for constants where a round is compiled.

    Those are the public attributes of components, of those that they are made of, and of
    optimizers, such as R1's ``gamma``, and
    settings of the game. Where one has changed, a round has to be compiled again: else it would
    be played as before. Whether a learning rate is a variable or a schedule is one of them.

    >>> from advnets.game import R1
    >>> import keras
    >>> networks = [keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in "GD"]
    >>> from advnets.game import AdversarialGame
    >>> game = AdversarialGame(*networks, penalties=[R1(10.0)])
    >>> before = read_constants(game)
    >>> game.penalties[0].gamma = 1.0
    >>> before == read_constants(game)
    False
    """
    optimizers = parts(game.optimizers) if game.compiled else {}
    components = [one for each in game.components().values() for one in _nested(each, set())]
    owners = [*components, *game.averages.values(), *optimizers.values()]
    found: list[Any] = [game.seed, *(getattr(game, name) for name in SETTINGS)]
    found += [id(one._learning_rate) for one in optimizers.values()]
    for owner in owners:
        held = getattr(owner, "__dict__", {}).items()
        found += [(name, repr(value)) for name, value in held if isinstance(value, Scheduled)]
        found += [
            (name, value) for name, value in held if name[0] != "_" and isinstance(value, NUMBERS)
        ]
    return found


def _nested(component: Any, seen: set[int]) -> Iterator[Any]:
    """Yield a component, and those that it holds as attributes, in lists or in mappings."""
    seen.add(id(component))
    yield component
    for held in getattr(component, "__dict__", {}).values():
        parts = held.values() if isinstance(held, Mapping) else held
        for part in parts if isinstance(held, Mapping | list | tuple) else [held]:
            if isinstance(part, Configured) and id(part) not in seen:
                yield from _nested(part, seen)
