"""Cache arrays that several metrics need, so that they are computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable

import numpy as np

MOST = 2**30
"""Bytes that are cached; the oldest arrays are dropped first."""


class ArrayCache:
    """Hold arrays by a key, as many as fit.

    Args:
        most: Bytes. The newest array is kept however large it is.

    >>> cache = ArrayCache()
    >>> first = cache.get("ones", lambda: np.ones(2))
    >>> cache.get("ones", lambda: np.zeros(2)) is first
    True
    """

    def __init__(self, most: int = MOST):
        self._most = most
        self._arrays: dict[Hashable, np.ndarray] = {}

    def get(self, key: Hashable, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the array of a key, computed if it is not cached; not to be written to."""
        if key not in self._arrays:
            array = self._arrays[key] = compute()
            array.flags.writeable = False
            while self._bytes() > self._most and len(self._arrays) > 1:
                del self._arrays[next(iter(self._arrays))]  # the oldest
        return self._arrays[key]

    def _bytes(self) -> int:
        return sum(array.nbytes for array in self._arrays.values())


def digest(array: np.ndarray, *words: str) -> str:
    """Return a hash of an array's shape, type and bytes, and of words.

    >>> digest(np.zeros(4)) == digest(np.zeros(4)) != digest(np.zeros((2, 2)))
    True
    """
    array = np.ascontiguousarray(array)
    sha256 = hashlib.sha256(repr((words, array.shape, array.dtype.str)).encode())
    sha256.update(array.data)
    return sha256.hexdigest()
