"""Define what every data set is to the rest of advnets: a source of examples."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import DataError
from ..safe_io.wording import pluralise, size
from .examples import Examples, check_examples
from .preprocess import Preprocess, contrast_statistics
from .spec import INDEX, SPLITS, DataSpec, Field

if TYPE_CHECKING:
    import tensorflow as tf

MEMORY_BUDGET = 4 * 2**30
"""Bytes of one split that are kept in memory; a recipe's ``distribution.memory_budget``
chooses another number."""
CHUNK_EXAMPLES, CHUNK_BYTES = 1000, 2**26
"""Of a split that is gone through in parts, what is in memory at a time, at most."""


EXCERPT = 256
"""Examples that a run keeps to sample with, at most."""


class Source(ABC):
    """Give the examples of a data set, which is a subclass of this one.

    A subclass declares what its examples look like (:attr:`spec`) and which splits there are
    (:attr:`splits`), and reads one (:meth:`read`); everything else is here. What it reads
    must be the same, in the same order, every time: a run's trajectory depends on it.

    A split within the memory budget is read whole, once, and kept. A data set that may be
    larger also overrides :meth:`read_some` and :meth:`count`; then nothing here reads a
    larger split whole, and training streams it.

    Args:
        preprocess: The recipe's ``dataset.preprocess`` (see
            :class:`advnets.DatasetParameters`); a subclass passes it on.

    Attributes:
        memory_budget: Bytes of a split that may be kept in memory; ``None`` for 4 GiB.
        counted: The frequencies of classes that were asked for so far, by field.

    >>> class Coin(Source):
    ...     name = "coin"
    ...     spec = DataSpec((1,), "float32", 0, 1)
    ...     splits = ("train",)
    ...     def read(self, split):
    ...         return Examples(np.array([[0.0], [1.0]], "float32"))
    >>> Coin().load("train").shape
    (2, 1)
    >>> Coin().take("train", [1, 1, 0]).examples.ravel()
    array([1., 1., 0.], dtype=float32)
    """

    name: ClassVar[str] = "data"
    memory_budget: int | None = None

    def __init__(self, preprocess: str | Mapping[str, Any] = "auto") -> None:
        self._preprocess = preprocess
        self._loaded: dict[str, Examples] = {}
        self._fields_alone: dict[tuple[str, str], np.ndarray] = {}
        self._fingerprints: dict[str, str] = {}
        self._field_fingerprints: dict[tuple[str, str], str] = {}
        self._marginals: np.ndarray | None = None
        self.counted: dict[str, np.ndarray] = {}

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
        return type(self).read_some is not Source.read_some

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

    def preprocess_field(self, name: str, values: Any) -> tf.Tensor:
        """Preprocess values of a field; works in a TensorFlow graph and under XLA.

        Classes and ``index`` become int64, images are preprocessed as the examples are, and
        everything else becomes float32.

        Args:
            name: The field's.
            values: Tensor or array [N, …] in the stored dtype.

        Returns:
            Tensor [N, …].
        """
        import tensorflow as tf

        declared = self.spec.field(name)
        if declared.classes is not None or name == INDEX:
            return tf.cast(values, tf.int64)
        if declared.kind == "image":
            return self.preprocess.for_field(declared).apply(values)
        return tf.cast(values, tf.float32)

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
            return Source.read_some(self, split, indices)
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

    @cached_property
    def preprocess(self) -> Preprocess:
        """The way from stored examples to the networks, and back.

        Raises:
            DataError: If the recipe's ``preprocess`` doesn't fit this data set.
        """
        return Preprocess(
            self._preprocess, self.spec, lambda: contrast_statistics(self.chunks("train"))
        )

    def marginals(self) -> np.ndarray:
        """Return the mean of the preprocessed training examples.

        Returns:
            Array [*shape] of float32, summed in float64.
        """
        if self._marginals is None:
            total = np.zeros(self.spec.shape, np.float64)
            for chunk in self.chunks("train"):
                seen = np.asarray(self.preprocess.apply(chunk))
                total += seen.sum(axis=0, dtype=np.float64)
            self._marginals = (total / self.count("train")).astype(np.float32)
        return self._marginals

    def frequencies(self, name: str) -> np.ndarray:
        """Return how often each class of a field comes in the training data, ``[classes]``."""
        if name not in self.counted:
            classes = self.spec.field(name).classes
            counts = np.bincount(self.field("train", name).ravel(), minlength=classes or 0)
            self.counted[name] = np.asarray(counts / counts.sum(), np.float64)
        return self.counted[name]

    def excerpt(self) -> Examples | None:
        """Return the first examples of the validation split (or of training), with their fields.

        256 of them, fewer where they would take more than 64 MiB: what a run keeps of its data.
        """
        split = "validation" if "validation" in self.splits else "train"
        fitting = CHUNK_BYTES // self.spec.bytes_with(self.spec.fields)
        most = min(EXCERPT, max(fitting, 1), self.count(split))
        return self.take(split, np.arange(most))

    def fingerprint(self, split: str = "train", fields: Iterable[str] = ()) -> str:
        """Return SHA-256 over type, shape and bytes of a split's examples, 64 hexadecimal digits.

        What is hashed is the examples as stored, decoded, so that it doesn't matter whether
        the split is kept in memory or streamed, nor from what kind of file it comes.
        Preprocessing doesn't enter: two sources with the same fingerprint train on the same
        examples in the same order.

        Args:
            split: ``train``, ``validation`` or ``test``.
            fields: What else to hash, by name, in whatever order. ``index`` adds nothing: the
                examples' order is hashed already.

        Raises:
            DataError: As :meth:`load` and :meth:`field` do.
        """
        count = self.count(split)  # a source may find out both in one go
        if split not in self._fingerprints:
            digest = self._new_digest(count)
            for chunk in self.chunks(split):
                digest.update(np.ascontiguousarray(chunk).data)
            self._fingerprints[split] = digest.hexdigest()
        examples, names = self._fingerprints[split], sorted(set(fields) - {INDEX})
        if not names:
            return examples
        lines = [examples, *(f"{name} {self._fingerprint_field(split, name)}" for name in names)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _fingerprint_field(self, split: str, name: str) -> str:
        declared = self.check_field(split, name)
        if (split, name) not in self._field_fingerprints:
            shape = (self.count(split), *declared.shape)
            digest = hashlib.sha256(f"{np.dtype(declared.dtype).str} {shape}".encode())
            for part in self._field_parts(split, name):
                digest.update(np.ascontiguousarray(part).data)
            self._field_fingerprints[split, name] = digest.hexdigest()
        return self._field_fingerprints[split, name]

    def release(self) -> None:
        """Forget the loaded splits, to free their memory; they are read again when needed."""
        self._loaded.clear()
        self._fields_alone.clear()
        self._fingerprints.clear()
        self._field_fingerprints.clear()
        self._marginals = None
        self.counted.clear()

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

    def _new_digest(self, count: int) -> Any:
        dtype = np.dtype(self.spec.dtype).str
        return hashlib.sha256(f"{dtype} {(count, *self.spec.shape)}".encode())

    @property
    def _other_way(self) -> str:
        """What to do about a split that is too large to be read whole."""
        return "take a part of the split, or smaller images"

    def _where(self, split: str) -> str:
        return f"{self.name}, split {split!r}"
