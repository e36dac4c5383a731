"""Describe the parameters of a sweep, and enumerate their values."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .schema import SpaceEntry


@dataclass(frozen=True)
class Parameter:
    """Describe one parameter of a sweep.

    Attributes:
        name: Its name; usually the recipe's key.
        entry: The values that it may have.
    """

    name: str
    entry: SpaceEntry

    @property
    def keys(self) -> tuple[str, ...]:
        """The recipe's keys that get its value."""
        return tuple(self.entry.keys or [self.name])

    @property
    def values(self) -> list[Any] | None:
        """All its values, if they can be counted."""
        if self.entry.choices is not None:
            return list(self.entry.choices)
        if self.entry.integers is not None:
            low, high = self.entry.integers
            return list(range(low, high + 1, self.entry.step))
        return None

    @property
    def count(self) -> int | None:
        """How many values it may have; ``None`` if they cannot be counted."""
        if self.entry.integers is not None:
            low, high = self.entry.integers
            return (high - low) // self.entry.step + 1
        return None if self.entry.choices is None else len(self.entry.choices)

    @property
    def samples(self) -> list[Any]:
        """Values that show whether all are valid: every choice, or the ends of a range."""
        if self.entry.choices is not None:
            return list(self.entry.choices)
        return list(self.entry.uniform or self.entry.log_uniform or self.entry.integers or ())

    def contains(self, value: Any) -> bool:
        """Tell whether it may have this value."""
        if self.entry.choices is not None:
            return encode(value) in {encode(choice) for choice in self.entry.choices}
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low, high = self.samples
        if self.entry.integers and (not isinstance(value, int) or (value - low) % self.entry.step):
            return False
        return math.isfinite(value) and low <= value <= high


def encode(value: Any) -> str:
    """Encode a value as text, equal for equal values; it is YAML as well.

    >>> encode({"name": "adam", "learning_rate": 1e-4})
    '{"name": "adam", "learning_rate": 0.0001}'
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def grid_size(space: Sequence[Parameter]) -> int | None:
    """Return the number of combinations; ``None`` if they cannot be counted."""
    counts = [parameter.count for parameter in space]
    return None if None in counts else math.prod(count for count in counts if count)


def combinations(space: Sequence[Parameter]) -> Iterator[dict[str, Any]]:
    """Yield every combination of values, the last parameter changing fastest."""
    for chosen in itertools.product(*(parameter.values or [] for parameter in space)):
        yield dict(zip((parameter.name for parameter in space), chosen, strict=True))


def overrides_of(space: Sequence[Parameter], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe's overrides for a trial's values.

    >>> rate = Parameter("rate", SpaceEntry(log_uniform=(1e-4, 1e-2), keys=["a.rate", "b.rate"]))
    >>> overrides_of([rate], {"rate": 0.001})
    {'a.rate': 0.001, 'b.rate': 0.001}
    """
    return {key: params[parameter.name] for parameter in space for key in parameter.keys}
