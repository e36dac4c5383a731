"""Real examples and generated samples, whole or a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import DataError

PART_EXAMPLES, PART_BYTES = 2_000, 2**26
"""How many examples are at hand at once where only their features are kept."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """The examples and samples that a metric looks at.

    It is built from callables, so that nothing is drawn or loaded before a metric asks.

    Attributes:
        samples: ``(n, seed)`` → float32 ``[n, *shape]``: G's samples, in the range of the
            preprocessed data. The same arguments give the same samples.
        data: ``split`` → float32 ``[N, *shape]``: that split's examples, preprocessed, in
            the data set's own order.
        splits: The splits that ``data`` knows, among ``train``, ``validation``, ``test``.
        some_samples: ``(first, last, seed)`` → float32 ``[last - first, *shape]``: those of
            ``samples(last, seed)`` from the first on; by default they are cut from it.
        some_data: ``(split, places)`` → float32 ``[n, *shape]``: the examples at these places
            of a split; by default they are taken from ``data``.
        sizes: ``split`` → how many examples it has; by default they are counted in ``data``.
        spec: The data's :class:`advnets.data.DataSpec`.
        seed: The seed to draw samples with.

    >>> material = Material(
    ...     samples=lambda n, seed: np.random.default_rng(seed).random((n, 2), np.float32),
    ...     data=lambda split: np.zeros((5, 2), np.float32),
    ...     splits=("test",),
    ... )
    >>> material.examples("test").shape
    (5, 2)
    >>> material.examples("validation")
    Traceback (most recent call last):
    ...
    advnets.errors.DataError: the data set has no 'validation' split; it has: test
    """

    samples: Callable[[int, int], np.ndarray]
    data: Callable[[str], np.ndarray]
    splits: Sequence[str] = ("train",)
    some_samples: Callable[[int, int, int], np.ndarray] | None = None
    some_data: Callable[[str, np.ndarray], np.ndarray] | None = None
    sizes: Callable[[str], int] | None = None
    spec: Any = None
    seed: int = 0
    _looked_at: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def examples(self, split: str) -> np.ndarray:
        """Return the examples of ``split``, preprocessed, all at once.

        Raises:
            DataError: If the data set has no such split, or it is empty.
        """
        self._check(split)
        examples = self.data(split)
        if len(examples) == 0:
            raise DataError(f"the data set's {split!r} split is empty")
        return examples

    def size(self, split: str) -> int:
        """Tell how many examples ``split`` has.

        Raises:
            DataError: As :meth:`examples` does.
        """
        self._check(split)
        size = len(self.data(split)) if self.sizes is None else self.sizes(split)
        if size == 0:
            raise DataError(f"the data set's {split!r} split is empty")
        return size

    def _check(self, split: str) -> None:
        if split not in self.splits:
            raise DataError(
                f"the data set has no {split!r} split; it has: {', '.join(self.splits) or 'none'}"
            )
        self._looked_at.add(split)

    def generated(self, n: int) -> np.ndarray:
        """``n`` samples of the generator under the context's seed, checked, all at once.

        Raises:
            DataError: If there are fewer than ``n`` of them, or one is not finite: a
                score of NaN samples would be a number without a meaning.
        """
        return self._checked(np.asarray(self.samples(n, self.seed)), n)

    def _checked(self, samples: np.ndarray, n: int) -> np.ndarray:
        if len(samples) != n:
            raise DataError(f"asked the generator for {n} samples, got {len(samples)}")
        bad = int(n - np.isfinite(samples.reshape(n, -1)).all(axis=1).sum())
        if bad:
            raise DataError(
                f"{bad} of the generator's {n} samples are not finite",
                hint="the run has diverged; `advnets doctor RUN` says more",
            )
        return samples

    def real_parts(self, split: str, places: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yield the examples at these places of a split (all by default), some at a time.

        Raises:
            DataError: As :meth:`examples` does.
        """
        self._check(split)
        places = np.arange(self.size(split)) if places is None else places
        take = self.some_data or (lambda split, places: self.data(split)[places])
        return (take(split, places[first:last]) for first, last in self._parts(len(places)))

    def _parts(self, n: int) -> Iterator[tuple[int, int]]:
        most = PART_EXAMPLES
        if self.spec is not None:
            most = max(1, min(most, PART_BYTES // (4 * self.spec.size)))
        return ((first, min(first + most, n)) for first in range(0, n, most))

    def generated_parts(self, n: int) -> Iterator[np.ndarray]:
        """Yield the samples ``generated(n)``, some at a time.

        Raises:
            DataError: As :meth:`generated` does.
        """
        some = self.some_samples or (lambda first, last, seed: self.samples(last, seed)[first:])
        for first, last in self._parts(n):
            yield self._checked(np.asarray(some(first, last, self.seed)), last - first)
