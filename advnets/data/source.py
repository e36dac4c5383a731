"""A source of examples: what every data set is to the rest of advnets."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..errors import DataError
from .preprocess import Preprocess, contrast_statistics
from .spec import SPLITS, DataSpec

MEMORY_BUDGET = 4 * 2**30
"""Bytes that one split may take: examples are kept in memory, whole."""


class Examples(NamedTuple):
    """What a source reads of one split: examples [N, *shape], and labels [N] or ``None``."""

    examples: np.ndarray
    labels: np.ndarray | None = None


class Source(ABC):
    """Where examples come from. A data set is a subclass of this one.

    A subclass says what its examples look like (:attr:`spec`), which splits there are
    (:attr:`splits`), and reads one (:meth:`read`); everything else is here. What it reads
    must be the same, in the same order, every time: a run's trajectory depends on it.

    Args:
        preprocess: The recipe's ``dataset.preprocess`` (see
            :class:`advnets.DatasetParameters`); a subclass passes it on.

    >>> class Coin(Source):
    ...     name = "coin"
    ...     spec = DataSpec((1,), "float32", 0, 1)
    ...     splits = ("train",)
    ...     def read(self, split):
    ...         return Examples(np.array([[0.0], [1.0]], "float32"))
    >>> Coin().load("train").shape
    (2, 1)
    """

    name: ClassVar[str] = "data"

    def __init__(self, preprocess: str | Mapping[str, Any] = "auto") -> None:
        self._preprocess = preprocess
        self._loaded: dict[str, Examples] = {}

    @property
    @abstractmethod
    def spec(self) -> DataSpec:
        """What one example looks like, as stored."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The splits there are, ``train`` among them."""

    @abstractmethod
    def read(self, split: str) -> Examples:
        """Read a whole split; :meth:`load` and :meth:`labels` check and keep the outcome."""

    def available(self) -> None:  # noqa: B027  (most sources are always there)
        """Find out within ten seconds whether the data can be had; not by loading it.

        Raises:
            DataUnavailable: If it is neither on disk nor downloadable; the hint says how
                to get it.
        """

    def load(self, split: str) -> np.ndarray:
        """The examples of a split, kept in memory from then on.

        Args:
            split: ``train``, ``validation`` or ``test``.

        Returns:
            Array [N, *shape] in the stored dtype; not to be written to.

        Raises:
            DataError: If there is no such split, if it is empty or too large, or if it isn't
                what :attr:`spec` promises.
        """
        return self._load(split).examples

    def labels(self, split: str) -> np.ndarray | None:
        """The labels of a split, [N] of int64 in [0, num_classes), or ``None``."""
        return self._load(split).labels

    @cached_property
    def preprocess(self) -> Preprocess:
        """The way from stored examples to the networks, and back.

        Raises:
            DataError: If the recipe's ``preprocess`` doesn't fit this data set.
        """
        return Preprocess(
            self._preprocess, self.spec, lambda: contrast_statistics(self.load("train"))
        )

    def marginals(self) -> np.ndarray:
        """The mean of the preprocessed training examples.

        Returns:
            Array [*shape] of float32, summed in float64.
        """
        train = self.load("train")
        total = np.zeros(self.spec.shape, np.float64)
        for start in range(0, len(train), 1000):
            batch = np.asarray(self.preprocess.apply(train[start : start + 1000]))
            total += batch.sum(axis=0, dtype=np.float64)
        return (total / len(train)).astype(np.float32)

    def fingerprint(self, split: str = "train") -> str:
        """SHA-256 over the bytes, shape and dtype of a split's examples, as 64 hex digits.

        Labels and preprocessing don't enter: two sources with the same fingerprint train
        on the same examples in the same order.
        """
        examples = self.load(split)
        digest = hashlib.sha256(f"{examples.dtype.str} {examples.shape}".encode())
        digest.update(np.ascontiguousarray(examples).data)
        return digest.hexdigest()

    def release(self) -> None:
        """Forget the loaded splits, to free their memory; they are read anew when needed."""
        self._loaded.clear()

    def check_budget(self, split: str, examples: int) -> None:
        """Refuse a split that would take more memory than ``MEMORY_BUDGET``.

        For :meth:`read` to call before it allocates, if it knows the number beforehand.
        """
        needed = examples * self.spec.bytes
        if needed > MEMORY_BUDGET:
            raise DataError(
                f"{self.name}: {examples:,} examples of {split!r} take {needed / 2**30:.1f} GiB "
                f"of memory; at most {MEMORY_BUDGET / 2**30:.0f} GiB are used",
                hint="take a part of the split, or smaller images",
            )

    def _load(self, split: str) -> Examples:
        if split not in self._loaded:
            if split not in self.splits:
                known = ", ".join(self.splits)
                raise DataError(
                    f"{self.name} has no {split!r} split"
                    if split in SPLITS
                    else f"{split!r} is not a split",
                    hint=f"{self.name} has: {known}",
                )
            self._loaded[split] = self._checked(split, self.read(split))
        return self._loaded[split]

    def _checked(self, split: str, read: Examples) -> Examples:
        """Hold what was read against the spec, so that a bad source fails at set-up."""
        where = f"{self.name}, split {split!r}"
        examples, labels, spec = read.examples, read.labels, self.spec
        if examples.shape[1:] != spec.shape or examples.dtype != np.dtype(spec.dtype):
            raise DataError(
                f"examples are {examples.dtype} of shape {examples.shape[1:]}; the data set "
                f"declares {spec.dtype} of shape {spec.shape}",
                where=where,
            )
        if not len(examples):
            raise DataError("there are no examples", where=where)
        self.check_budget(split, len(examples))
        if examples.dtype.kind == "f" and not (good := np.isfinite(examples)).all():
            bad = int((~good.reshape(len(examples), -1).all(axis=1)).sum())
            raise DataError(f"{bad:,} examples hold NaN or infinity", where=where)
        if spec.low is not None and spec.high is not None:
            low, high = examples.min(), examples.max()
            if low < spec.low or high > spec.high:
                raise DataError(
                    f"values reach from {low} to {high}; the data set declares "
                    f"{spec.low} to {spec.high}",
                    where=where,
                )
        if labels is not None:
            labels = np.asarray(labels)
            if labels.shape != (len(examples),):
                raise DataError(
                    f"{len(examples):,} examples, but labels of shape {labels.shape}", where=where
                )
            labels = labels.astype(np.int64)
        return Examples(examples, labels)
