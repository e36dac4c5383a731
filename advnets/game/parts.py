"""Refuse what no part of a game is, before anything is made of it; and to change parts later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from ..errors import UsageError


class Kept(dict[str, Any]):
    """Hold parts of a game by name, which stay: what was checked and compiled would stay, too.

    Args:
        what: What they are.
        parts: By name.
        instead: What to do instead of a change.

    >>> Kept("networks", {"generator": 1}, "make another game")["generator"]
    1
    """

    def __init__(self, what: str, parts: Mapping[str, Any], instead: str):
        super().__init__(parts)
        self._what, self._instead = what, instead

    def _refuse(self, *args: Any, **options: Any) -> Any:
        raise UsageError(
            f"a game keeps its {self._what}: that would change a part of it alone",
            hint=self._instead,
        )

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return Kept, (self._what, dict(self), self._instead)


def check_networks(networks: Mapping[str, Any]) -> None:
    """Refuse what is no Keras model.

    Raises:
        UsageError: By name.
    """
    for name, network in networks.items():
        if not isinstance(network, keras.Model):
            raise UsageError(
                f"the {name} is {_name_of(network)}, and no keras.Model",
                hint="keras.Sequential([keras.Input((100,)), keras.layers.Dense(…), …])",
            )


def check_part(name: str, part: Any, kind: type, example: str) -> None:
    """Refuse what is not of the kind that an argument of the game is.

    Args:
        name: The argument's.
        part: What is given.
        kind: The base class of what it is to be.
        example: How one is made.

    Raises:
        UsageError: With what was given.
    """
    if isinstance(part, kind):
        return
    if isinstance(part, type) and issubclass(part, kind):
        raise UsageError(
            f"{name} is the class {part.__name__} itself", hint=f"make one: {part.__name__}(…)"
        )
    raise UsageError(
        f"{name} is {_name_of(part)}, and no advnets.game.{kind.__name__}", hint=f"{name}={example}"
    )


def _name_of(thing: Any) -> str:
    if thing is None or isinstance(thing, str | int | float):
        return repr(thing)
    return f"of the type {type(thing).__name__}"
