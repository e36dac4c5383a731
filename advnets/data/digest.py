"""Hash arrays as they come, and note between which values they lie."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np


class Hashed(NamedTuple):
    """Hold what is known of an array that was gone through.

    Attributes:
        sha256: Over its type, its shape and its bytes, 64 hexadecimal digits.
        low: The least value; ``None`` of an array without any.
        high: The greatest.
    """

    sha256: str
    low: float | None
    high: float | None


class Digest:
    """Hash type, shape and bytes of an array that comes in parts, and note its ends.

    Args:
        dtype: Of the array.
        shape: Of the whole array.

    >>> parts, whole = Digest("uint8", (3,)), Digest("uint8", (3,))
    >>> for part in ([4, 2], [3]):
    ...     parts.add(np.array(part, "uint8"))
    >>> whole.add(np.array([4, 2, 3], "uint8"))
    >>> parts.result() == whole.result(), parts.result()[1:]
    (True, (2.0, 4.0))
    """

    def __init__(self, dtype: str | np.dtype[Any], shape: tuple[int, ...]):
        self._hash = hashlib.sha256(f"{np.dtype(dtype).str} {shape}".encode())
        self._ends: list[float] = []

    def add(self, part: np.ndarray) -> None:
        """Take up the next part."""
        self._hash.update(np.ascontiguousarray(part).data)
        if part.size:
            ends = [*self._ends, float(part.min()), float(part.max())]
            self._ends = [min(ends), max(ends)]

    def result(self) -> Hashed:
        """Return what was found in all parts so far."""
        low, high = self._ends or (None, None)
        return Hashed(self._hash.hexdigest(), low, high)
