"""Read a recipe given as a Python mapping: the same plain trees, without lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from ..safe_io.wording import shorten
from .document import Document, Keys, Location, join_keys
from .scalars import LARGEST, check_text
from .yaml_reader import MAX_DEPTH, MAX_VALUES


def read_value(value: Any, source: str, location: Location | None = None) -> Document:
    """Copy a Python value into a document, refusing what no recipe can hold.

    Tuples become lists, paths text, NumPy scalars Python numbers.

    Args:
        value: The recipe, or the value of an override.
        source: What to call it in problems.
        location: Where all of it comes from, if not from ``source`` as such.

    >>> read_value({"training": {"steps": 5}}, "recipe").value
    {'training': {'steps': 5}}
    >>> [str(p) for p in read_value({"seed": float("nan")}, "recipe").problems]
    ['recipe: seed: nan is not a finite number']
    """
    document = Document(source)
    location = location or Location(source)
    document.values[()] = location
    try:
        document.value = _Copier(document, location).copy(value, (), 0)
    except _TooLarge as error:
        document.problems.append(location.problem(str(error)))
        document.spoiled.add(())
    return document


class _TooLarge(Exception):
    """Stop at a value, or a representation of it, that is too large."""


class _Copier:
    def __init__(self, document: Document, location: Location):
        self.document = document
        self.location = location
        self.count = 0

    def copy(self, value: Any, keys: Keys, depth: int) -> Any:
        """Copy a value, and note the problems and the locations."""
        self.count += 1
        self.document.values[keys] = self.location
        if depth > MAX_DEPTH or self.count > MAX_VALUES:
            deep = f"nested more than {MAX_DEPTH} levels deep"
            raise _TooLarge(deep if depth > MAX_DEPTH else f"more than {MAX_VALUES:,} values")
        if isinstance(value, Mapping):
            return self._mapping(value, keys, depth)
        if isinstance(value, list | tuple):
            return [self.copy(item, (*keys, i), depth + 1) for i, item in enumerate(value)]
        return self._scalar(value, keys)

    def _mapping(self, value: Mapping[Any, Any], keys: Keys, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                message = f"a key must be text, not {shorten(repr(key), 40)}"
                self._problem(keys, message, spoil=False)
                continue
            try:
                check_text(key)
            except ValueError as error:
                self._problem(keys, f"key {key!r}: {error}", spoil=False)
                continue
            self.document.keys[(*keys, key)] = self.location
            items[key] = self.copy(item, (*keys, key), depth + 1)
        return items

    def _scalar(self, value: Any, keys: Keys) -> Any:
        if not isinstance(value, str | bytes) and getattr(value, "ndim", None) == 0:
            value = value.item()
        if isinstance(value, PathLike):
            value = fspath(value)
        try:
            if isinstance(value, str):
                check_text(value)
                return str(value)
            if value is None or isinstance(value, bool):
                return value
            if isinstance(value, int) and abs(value) > LARGEST:
                raise ValueError("the number does not fit into 64 bits")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{value} is not a finite number")
            if isinstance(value, int | float):
                return value
            raise ValueError(f"a recipe cannot hold a {type(value).__name__}")
        except ValueError as error:
            self._problem(keys, str(error))
            return None

    def _problem(self, keys: Keys, message: str, *, spoil: bool = True) -> None:
        text = f"{join_keys(keys)}: {message}" if keys else message
        self.document.problems.append(self.location.problem(text))
        if spoil:
            self.document.spoiled.add(keys)
