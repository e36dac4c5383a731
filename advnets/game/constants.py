"""Read what a compiled round takes for constant: plain numbers of a game's components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .optimizers import parts

if TYPE_CHECKING:
    from .game import AdversarialGame

NUMBERS = (bool, int, float, str, type(None))
SETTINGS = ("discriminator_calls", "norms_every", "sees_weights", "skips")
"""Attributes of a game that are no arguments of its constructor, and decide how it is played."""


def read_constants(game: AdversarialGame) -> list[Any]:
    """Return the numbers that TensorFlow takes for constants where a round is compiled.

    Those are the public attributes of components and of optimizers, such as R1's ``gamma``, and
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
    owners = [*game.components().values(), *game.averages.values(), *optimizers.values()]
    found: list[Any] = [game.seed, *(getattr(game, name) for name in SETTINGS)]
    found += [id(one._learning_rate) for one in optimizers.values()]
    for owner in owners:
        held = getattr(owner, "__dict__", {}).items()
        found += [
            (name, value) for name, value in held if name[0] != "_" and isinstance(value, NUMBERS)
        ]
    return found
