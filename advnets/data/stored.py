"""Read the splits of a data set: whole, within the memory budget, or in parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..safe_io.wording import pluralise, size
from .examples import Examples, check_examples
from .spec import INDEX, SPLITS, DataSpec, Field

MEMORY_BUDGET = 4 * 2**30
"""Bytes of one split that are kept in memory; a recipe's ``distribution.memory_budget``
chooses another number."""
CHUNK_EXAMPLES, CHUNK_BYTES = 1000, 2**26
"""Of a split that is gone through in parts, what is in memory at a time, at most."""


class Stored(ABC):
    """Read examples and their fields, check them, and keep what fits into memory.

    This is the part of :class:`advnets.data.Source` that does not look at what the examples
    are; nothing else is derived from it.

    Attributes:
        memory_budget: Bytes of a split that may be kept in memory; ``None`` for 4 GiB.
    """

    name: ClassVar[str] = "data"
    memory_budget: int | None = None

    def __init__(self) -> None:
        self._loaded: dict[str, Examples] = {}
        self._fields_alone: dict[tuple[str, str], np.ndarray] = {}

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
        """Read a whole split; :meth:`load` and :meth:`field` check and keep the outcome."""

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        """Read the examples with these indices only, in this order; :meth:`take` checks them.

        Override it together with :meth:`count` where a split may be larger than memory. It
        is called from several threads at once. Whatever of ``read`` it leaves out, the two
        agree: example i here is example i there.

        Args:
            split: One of :attr:`splits`.
            indices: int64 [n], each in [0, count).

        Returns:
            n examples, with their fields if there are any.

        Raises:
            DataError: If one of them cannot be read (any more), naming its file.
        """
        whole = self._load(split)
        fields = {name: values[indices] for name, values in whole.fields.items()}
        return Examples(whole.examples[indices], fields)

    def count(self, split: str) -> int:
        """Count the examples of a split. Override it together with :meth:`read_some`.

        Raises:
            DataError: As :meth:`load` does.
        """
        return len(self.load(split))

    def reads_parts(self, split: str) -> bool:
        """Tell whether parts of a split can be read alone, as they can with a :meth:`read_some`
        of its own. A data set overrides this too where it depends on the file's format."""
        return type(self).read_some is not Stored.read_some

    def available(self) -> None:  # noqa: B027  (most sources are always there)
        """Find out within ten seconds, without loading them, whether the data can be had.

        Raises:
            DataUnavailable: If it is neither on disk nor downloadable; the hint is how
                to get it.
        """

    def load(self, split: str) -> np.ndarray:
        """Return the examples of a split, kept in memory from then on.

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
        """Return the field ``label`` of a split, [N] of int64 in [0, num_classes), or ``None``."""
        if "label" not in self.fields(split):
            return None
        return self.field(split, "label").astype(np.int64, copy=False)

    def fields(self, split: str) -> tuple[str, ...]:
        """Name the fields that a split has: all that :attr:`spec` declares, or fewer."""
        self.check_split(split)
        if not self.spec.fields:
            return ()
        self.count(split)  # a source may read the split then, rather than one example of it
        return tuple(self.take(split, [0]).fields)

    def field(self, split: str, name: str) -> np.ndarray:
        """Return what comes with each example of a split under a name.

        Of a split that is not read whole, the examples are gone through once for it.

        Args:
            split: ``train``, ``validation`` or ``test``.
            name: One of the spec's fields, or ``index``: the place in the split.

        Returns:
            Array [N, *shape of the field] in the stored dtype; not to be written to.

        Raises:
            DataError: If the data set, or this split of it, has no such field.
        """
        self.check_field(split, name)
        if name in self.spec.fields and (split in self._loaded or not self.reads_parts(split)):
            return self._load(split).fields[name]
        if (split, name) not in self._fields_alone:
            parts = list(self._field_parts(split, name))
            self._fields_alone[split, name] = np.concatenate(parts)
        return self._fields_alone[split, name]

    def check_field(self, split: str, name: str) -> Field:
        """Return the declaration of a field, after refusing one that the split does not have."""
        declared = self.spec.field(name)
        if name in self.spec.fields and name not in (there := self.fields(split)):
            raise DataError(
                f"it has no field {name!r}, though the data set declares one",
                hint=f"it has: {', '.join([*there, INDEX])}",
                where=self._where(split),
            )
        return declared

    def take(self, split: str, indices: Sequence[int] | np.ndarray) -> Examples:
        """Return the examples with these indices, in this order, from memory or from the files.

        Args:
            split: ``train``, ``validation`` or ``test``.
            indices: [n] integers in [0, count), repetitions allowed.

        Returns:
            Examples [n, *shape] in the stored dtype, and their fields.

        Raises:
            DataError: As :meth:`load` and :meth:`read_some` do.
        """
        self.check_split(split)
        indices = np.asarray(indices, np.int64)
        if split in self._loaded or not self.reads_parts(split):
            return Stored.read_some(self, split, indices)
        return check_examples(self.read_some(split, indices), self.spec, self._where(split))

    def chunks(self, split: str) -> Iterator[np.ndarray]:
        """Yield all examples of a split in their order, a few at a time.

        Yields:
            Arrays [n, *shape] in the stored dtype: at most 1,000 examples or 64 MiB each,
            taken from the whole split if that fits into the budget.
        """
        if self.fits(split):
            self._load(split)
        for part in self._parts(split):
            yield part.examples

    def _parts(self, split: str) -> Iterator[Examples]:
        count = self.count(split)
        for start in range(0, count, self.chunk_size):
            yield self.take(split, np.arange(start, min(start + self.chunk_size, count)))

    def _field_parts(self, split: str, name: str) -> Iterator[np.ndarray]:
        """Yield a field of all examples in their order, some at a time.

        Override it where fields can be had without the examples.
        """
        if name == INDEX:
            yield np.arange(self.count(split))
            return
        for part in self._parts(split):
            yield part.fields[name]

    @property
    def chunk_size(self) -> int:
        """Examples in a chunk."""
        return max(1, min(CHUNK_EXAMPLES, CHUNK_BYTES // self.spec.bytes))

    def fits(self, split: str) -> bool:
        """Tell whether a split, as stored, with its fields, lies within the memory budget."""
        return self.within_budget(self.count(split))

    def within_budget(self, examples: int) -> bool:
        """Tell whether so many examples, with their fields, lie within the memory budget."""
        return examples * self.spec.bytes_with(self.spec.fields) <= self.budget

    @property
    def budget(self) -> int:
        """Bytes of a split that may be kept in memory."""
        return MEMORY_BUDGET if self.memory_budget is None else self.memory_budget

    def check_budget(self, split: str, examples: int) -> None:
        """Refuse to load a split that is larger than the budget, or 4 GiB if that is more.

        For :meth:`read` to call before it allocates, if it knows the number beforehand.
        """
        needed = examples * self.spec.bytes_with(self.spec.fields)
        most = max(self.budget, MEMORY_BUDGET)
        if needed > most:
            raise DataError(
                f"{self.name}: {pluralise(examples, 'example')} of {split!r} take {size(needed)} "
                f"of memory; at most {size(most)} are used",
                hint=f"{self._other_way}; or, where there is the memory, raise "
                "distribution.memory_budget",
            )

    def check_split(self, split: str) -> None:
        """Refuse a split that isn't there."""
        if split not in self.splits:
            known = split in SPLITS
            raise DataError(
                f"{self.name} has no {split!r} split" if known else f"{split!r} is not a split",
                hint=f"{self.name} has: {', '.join(self.splits)}",
            )

    def _load(self, split: str) -> Examples:
        if split not in self._loaded:
            self.check_split(split)
            read = self.read(split)
            if not len(read.examples):
                raise DataError("there are no examples", where=self._where(split))
            self.check_budget(split, len(read.examples))
            self._loaded[split] = check_examples(read, self.spec, self._where(split))
        return self._loaded[split]

    @property
    def _other_way(self) -> str:
        """What to do about a split that is too large to be read whole."""
        return "take a part of the split, or smaller images"

    def _where(self, split: str) -> str:
        return f"{self.name}, split {split!r}"

    def release(self) -> None:
        """Forget the loaded splits, to free their memory; they are read again when needed."""
        self._loaded.clear()
        self._fields_alone.clear()
