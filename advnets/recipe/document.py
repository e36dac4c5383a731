"""Hold a recipe's text as a tree of plain values, with the location of every key and value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import Problem

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the top of a recipe to a value: keys and list indices."""

COMMAND_LINE = "command line"
LONGEST = 500
"""Characters of a message, and of a hint: what came is quoted there, as long as it may be."""


@dataclass(frozen=True)
class Location:
    """Locate a key or a value in the text.

    Attributes:
        source: A file's name, ``command line``, or ``recipe`` for one given as a mapping.
        line: 1-based, or ``None``.
        column: 1-based, or ``None``.
        override: The override's text, for what came from the command line.
    """

    source: str
    line: int | None = None
    column: int | None = None
    override: str = ""

    def problem(self, message: str, hint: str | None = None) -> Problem:
        """Return a problem at this location."""
        text = f"{self.override}: {message}" if self.override else message
        return Problem(
            _shorten(text), self.line, self.column, self.source, _shorten(hint) if hint else hint
        )


def _shorten(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


@dataclass
class Document:
    """Hold a recipe as it was written, before its meaning is checked.

    Attributes:
        source: The file's name.
        value: Mappings, lists, text, numbers, booleans and ``None``.
        values: The location of every value, by the keys that lead to it.
        keys: The location of every key.
        problems: What is wrong with the text itself.
        spoiled: Values that could not be read; nothing else is reported about them.
    """

    source: str
    value: Any = None
    values: dict[Keys, Location] = field(default_factory=dict)
    keys: dict[Keys, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spoiled: set[Keys] = field(default_factory=set)

    def locate(self, keys: Keys, *, key: bool = False) -> Location:
        """Return where the value at ``keys`` (or its key) was written, or else what encloses it."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        for end in range(len(keys), 0, -1):
            if found := first.get(keys[:end]) or second.get(keys[:end]):
                return found
        return self.values.get((), Location(self.source))

    def is_spoiled(self, keys: Keys) -> bool:
        """Tell whether the value at ``keys``, or one that holds it, could not be read."""
        return any(keys[:end] in self.spoiled for end in range(len(keys) + 1))

    def forget(self, keys: Keys) -> None:
        """Forget the locations of the value at ``keys`` and of all that it holds."""
        for locations in (self.values, self.keys):
            for other in [other for other in locations if other[: len(keys)] == keys]:
                del locations[other]
        self.spoiled = {other for other in self.spoiled if other[: len(keys)] != keys}


def get_at(value: Any, keys: Keys) -> Any:
    """Return what stands at ``keys`` within a value.

    >>> get_at({"penalties": [{"weight": 2}]}, ("penalties", 0))
    {'weight': 2}
    """
    for key in keys:
        value = value[key]
    return value


def join_keys(keys: Keys) -> str:
    """Write a path as on the command line.

    >>> join_keys(("penalties", 0, "weight"))
    'penalties.0.weight'
    """
    return ".".join(str(key) for key in keys)
