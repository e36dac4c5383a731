"""Keep a bounded number of items of a stream of unknown length, evenly spread over it."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Thinned(Generic[Item]):
    """Keep of a stream all, every second, every fourth, … item, and the last.

    Whenever what is kept would be too many, or too heavy, every second one of it goes.

    Args:
        most: Items that are kept.
        heaviest: Their weights together, in whatever unit they are added with. The last item
            is kept besides, and one item however heavy.

    >>> kept = Thinned(most=4, heaviest=100)
    >>> for item in range(10):
    ...     kept.add(item)
    >>> kept.items
    [0, 4, 8, 9]
    >>> kept = Thinned(most=4, heaviest=100)
    >>> for item in range(3):
    ...     kept.add(item, weight=60)
    >>> kept.items
    [0, 2]
    """

    def __init__(self, most: int, heaviest: int):
        self._most, self._heaviest = most, heaviest
        self._kept: list[tuple[Item, int]] = []
        self._weight = self._count = 0
        self._stride = 1
        self._last: list[Item] = []

    def add(self, item: Item, weight: int = 0) -> None:
        """Take the next item of the stream."""
        number = self._count
        self._count += 1
        self._last = [item]
        if number % self._stride:
            return
        self._kept.append((item, weight))
        self._weight += weight
        while len(self._kept) > 1 and (
            len(self._kept) > self._most or self._weight > self._heaviest
        ):
            self._kept = self._kept[::2]
            self._stride *= 2
            self._weight = sum(weight for _, weight in self._kept)

    @property
    def items(self) -> list[Item]:
        """What is kept, in the order of the stream."""
        kept = [item for item, _ in self._kept]
        return kept + self._last if (self._count - 1) % self._stride else kept
