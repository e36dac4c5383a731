"""Define what every data set is to the rest of advnets: a source of examples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .digest import Digest, Hashed
from .examples import Examples
from .preprocess import Preprocess, contrast_statistics
from .spec import INDEX, DataSpec, Field
from .stored import CHUNK_BYTES, Stored

if TYPE_CHECKING:
    import tensorflow as tf

EXCERPT = 256
"""Examples that a run keeps to sample with, at most."""


class Source(Stored):
    """Give the examples of a data set, which is a subclass of this one.

    A subclass declares what its examples look like (:attr:`spec`) and which splits there are
    (:attr:`splits`), and reads one (:meth:`read`); everything else is here. What it reads
    must be the same, in the same order, every time: a run's trajectory depends on it.

    A split within the memory budget is read whole, once, and kept. A data set that may be
    larger also overrides :meth:`read_some` and :meth:`count`; then nothing here reads a
    larger split whole, and training streams it.

    Examples of another kind than images, vectors and sequences are drawn, written and read by
    their data set: :meth:`picture`, :meth:`write` and :meth:`read_given`. A run is sampled from
    where its data are gone, so these read no data: what they need is handed to them.

    Args:
        preprocess: The recipe's ``dataset.preprocess`` (see
            :class:`advnets.DatasetParameters`); a subclass passes it on.

    Attributes:
        memory_budget: Bytes of a split that may be kept in memory; ``None`` for 4 GiB.
        counted: The frequencies of classes that were asked for so far, by field.
        endings: In what the files end that :meth:`write` writes: ``(".mid",)``.
        streams: Further data that a run plays with, by name: the recipe's ``streams``.

    >>> from advnets.data import DataSpec
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

    endings: ClassVar[tuple[str, ...]] = ()

    def __init__(self, preprocess: str | Mapping[str, Any] = "auto") -> None:
        super().__init__()
        self._preprocess = preprocess
        self._hashed: dict[tuple[str, str], Hashed] = {}
        self._marginals: np.ndarray | None = None
        self.counted: dict[str, np.ndarray] = {}
        self.streams: dict[str, Source] = {}

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
        if (split, "") not in self._hashed:
            digest = self._new_digest(count)
            for chunk in self.chunks(split):
                digest.add(chunk)
            self._hashed[split, ""] = digest.result()
        examples, names = self._hashed[split, ""].sha256, sorted(set(fields) - {INDEX})
        if not names:
            return examples
        lines = [examples, *(f"{name} {self._fingerprint_field(split, name)}" for name in names)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _fingerprint_field(self, split: str, name: str) -> str:
        declared = self.check_field(split, name)
        if (split, name) not in self._hashed:
            digest = Digest(declared.dtype, (self.count(split), *declared.shape))
            for part in self._field_parts(split, name):
                digest.add(part)
            self._hashed[split, name] = digest.result()
        return self._hashed[split, name].sha256

    def _new_digest(self, count: int) -> Digest:
        return Digest(self.spec.dtype, (count, *self.spec.shape))

    def extremes(self, split: str, field: str | None = None) -> tuple[float, float] | None:
        """Return between which values a split lies, or a field of it, as stored.

        ``None`` if nobody has gone through it yet, as :meth:`fingerprint` does.
        """
        hashed = self._hashed.get((split, field or ""))
        if hashed is not None and hashed.low is not None and hashed.high is not None:
            return hashed.low, hashed.high
        if field is not None and split in self._loaded:
            values = self._loaded[split].fields[field]
            return float(values.min()), float(values.max())
        return None

    def known(self, split: str) -> tuple[int | None, np.ndarray | None]:
        """Return a split's number of examples, and their classes, where no reading is needed.

        Override it where more is known than what :meth:`count` says, if that was overridden, and
        what was read already.
        """
        if split in self._loaded:
            return len(self._loaded[split].examples), self._loaded[split].labels
        return (self.count(split) if type(self).count is not Stored.count else None), None

    def picture(self, x: np.ndarray, spec: DataSpec) -> Any:
        """Draw examples, or leave it to the core, which draws images, vectors and sequences.

        Args:
            x: ``[n, *shape]`` in the data set's own range; generated ones may leave it.
            spec: What examples look like, as the run keeps it; :attr:`spec` may read data.

        Returns:
            A picture of all of them: uint8 ``[height, width]`` or ``[height, width, 3]``, a
            Pillow image, or a Matplotlib figure; or a picture of each, uint8
            ``[n, height, width, 3]``, which are laid out in a grid; ``None``: the core draws.
        """
        return None

    def write(self, samples: np.ndarray, path: Path, spec: DataSpec) -> None:
        """Write samples to a file that ends in one of :attr:`endings`, for ``advnets sample``.

        Args:
            samples: ``[n, *shape]`` in the data set's own range.
            path: The file, which is not there.
            spec: What examples look like, as the run keeps it.
        """
        raise NotImplementedError(f"{type(self).__name__} writes no files")

    def read_given(self, name: str, text: str, field: Field) -> np.ndarray | None:
        """Read what samples are to be made of from a word: ``--given NAME=TEXT``.

        Of image fields the core reads what this does not: a file, or all in a folder, cut and
        resized as ``folder`` does.

        Args:
            name: The field's, or the condition's.
            text: What somebody wrote: a file, a folder, whatever it may be.
            field: What one value looks like.

        Returns:
            One value ``[*field.shape]`` or several ``[n, *field.shape]``, in the data set's own
            range; ``None``: the word says nothing.

        Raises:
            DataError: If it says something that cannot be read.
        """
        return None

    def left_out(self) -> dict[str, list[str]]:
        """Return what lies with the data and is not read, as far as is known: why → names."""
        return {}

    def remarks(self) -> list[str]:
        """Return what else should be known of the data, a sentence each."""
        return []

    def prepared(self) -> bool:
        """Tell whether the data lie there ready to be read; else a run fetches them first."""
        return True

    def quick(self) -> bool:
        """Tell whether all splits can be read within seconds, and without TensorFlow."""
        return False

    def release(self) -> None:
        super().release()
        self._hashed.clear()
        self._marginals = None
        self.counted.clear()
