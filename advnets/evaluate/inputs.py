"""Draw a generator's samples and read real examples, whole or a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any

import numpy as np

from ..data import Field, Source
from ..data.given import check_given
from ..data.taken import Taken
from ..errors import DataError

PART_EXAMPLES, PART_BYTES = 2_000, 2**26
"""How many examples are at hand at once where only their features are kept."""


def _missing(*_: Any, **__: Any) -> np.ndarray:
    raise DataError("this context was made without samples, or without examples")


@dataclass(frozen=True, kw_only=True)
class Data:
    """Read the real examples that a metric looks at; :meth:`of` reads those of a source.

    Attributes:
        load: ``split`` → float32 ``[N, *shape]``: that split's examples, preprocessed, in
            the data set's own order.
        splits: The splits that there are, among ``train``, ``validation``, ``test``.
        take: ``(split, indices)`` → float32 ``[n, *shape]``: the examples of these indices
            of a split; by default they are taken from ``load``.
        count: ``split`` → how many examples it has; by default they are counted in ``load``.
        field: ``(split, name)`` → ``[N, ...]``: what comes with the examples of a split.
        spec: The :class:`advnets.data.DataSpec`.
        source: The :class:`advnets.data.Source`, or ``None``.
        streams: The same of the streams that a run plays with, by name.
    """

    load: Callable[[str], np.ndarray] = _missing
    splits: Sequence[str] = ()
    take: Callable[[str, np.ndarray], np.ndarray] | None = None
    count: Callable[[str], int] | None = None
    field: Callable[[str, str], np.ndarray] = _missing
    spec: Any = None
    source: Any = None
    streams: Mapping[str, Data] = field_of(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> Data:
        """Return the data of a source, each split of which is read once if it fits into memory."""
        apply = source.preprocess.apply

        def take(split: str, indices: np.ndarray) -> np.ndarray:
            if source.fits(split):
                return np.asarray(apply(source.load(split)[indices]))
            return np.asarray(apply(source.take(split, indices).examples))

        return cls(
            load=lambda split: np.asarray(apply(source.load(split))),
            splits=source.splits,
            take=take,
            count=source.count,
            field=source.field,
            spec=source.spec,
            source=source,
            streams={name: cls.of(own) for name, own in source.streams.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Draw the samples and read the examples that a metric looks at.

    It is built from callables, so that nothing is drawn or loaded before a metric needs it.

    Attributes:
        samples: ``(n, seed, first=0, given=None)`` → float32 ``[n - first, *shape]``: the
            samples of G from ``first`` to n − 1, in the range of the preprocessed data. The
            same arguments give the same samples.
        data: The real examples.
        seed: The seed to draw samples with.
        told: What the samples are made of, as :class:`advnets.data.Field` by name: ``latent``,
            and fields, in the range of the preprocessed data.

    >>> inputs = Inputs(data=Data(load=lambda split: np.zeros((5, 2)), splits=("test",)))
    >>> inputs.examples("test").shape
    (5, 2)
    >>> inputs.examples("validation")
    Traceback (most recent call last):
    ...
    advnets.errors.DataError: the data set has no 'validation' split; it has: test
    """

    samples: Callable[..., np.ndarray] = _missing
    data: Data = field_of(default_factory=Data)
    seed: int = 0
    told: Mapping[str, Field | None] = field_of(default_factory=dict)
    _looked_at: set[str] = field_of(default_factory=set, init=False, repr=False, compare=False)
    _asked: set[str] = field_of(default_factory=set, init=False, repr=False, compare=False)

    def examples(self, split: str, stream: str | None = None) -> np.ndarray:
        """Return the examples of ``split``, preprocessed, all at once.

        Args:
            split: Which split.
            stream: Of which of the run's streams; ``None``: of the main data.

        Raises:
            DataError: If the data set has no such split, or it is empty; also if there is no
                such stream.
        """
        data = self._check(split, stream)
        examples = data.load(split)
        if len(examples) == 0:
            raise DataError(f"the data set's {split!r} split is empty")
        return _check_real(examples, split)

    def size(self, split: str) -> int:
        """Return how many examples ``split`` has.

        Raises:
            DataError: As :meth:`examples` does.
        """
        self._check(split)
        count = self.data.count
        size = len(self.data.load(split)) if count is None else count(split)
        if size == 0:
            raise DataError(f"the data set's {split!r} split is empty")
        return size

    def _check(self, split: str, stream: str | None = None) -> Data:
        """Return the data, or those of a stream, which have the split; note that it is read."""
        data = self.data if stream is None else self.data.streams.get(stream)
        if data is None:
            raise DataError(
                f"there is no stream {stream!r}",
                hint=f"the run plays with {', '.join(self.data.streams) or 'none'}",
            )
        if split not in data.splits:
            if isinstance(data.source, Taken) and data.source.is_of_main:
                raise DataError(
                    f"the stream {stream!r} is some of the main data's training examples",
                    hint=f"its held-out examples are these data's: examples({split!r})",
                )
            if data.source is not None:
                data.source.check_split(split)
            raise DataError(
                f"the data set has no {split!r} split; it has: {', '.join(data.splits) or 'none'}"
            )
        self._looked_at.add(split if stream is None else f"{stream}.{split}")
        return data

    def generated(self, n: int, given: Mapping[str, Any] | None = None) -> np.ndarray:
        """Draw ``n`` samples of the generator under the context's seed, checked, all at once.

        Args:
            n: How many.
            given: What the generator is told rather than drawn, by name: one value for all
                samples, or one for each: ``{"label": 3}``, ``{"latent": z}``.

        Raises:
            DataError: If there are fewer than ``n`` of them, or one is not finite: a
                score of NaN samples would be a number without a meaning.
            UsageError: If the generator is not told such a thing.
        """
        _check_count(n)
        each = self._given(n, given)
        told = {"given": each} if each else {}
        return self._check_samples(np.asarray(self.samples(n, self.seed, **told)), n)

    def _given(self, n: int, given: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
        """Return what is given, one value for each sample; note that the generator is asked."""
        self._asked.add("generator")
        return check_given(given, self.told or dict.fromkeys(given), n) if given else {}

    def _check_samples(self, samples: np.ndarray, n: int) -> np.ndarray:
        if len(samples) != n:
            raise DataError(f"the generator returned {len(samples)} samples instead of {n}")
        bad = int(n - np.isfinite(samples.reshape(n, -1)).all(axis=1).sum())
        if bad:
            raise DataError(
                f"{bad} of the generator's {n} samples are not finite",
                hint="the run has diverged; `advnets doctor RUN` says more",
            )
        return samples

    def find(self, split: str, where: Mapping[str, Any]) -> np.ndarray:
        """Return the indices of a split's examples whose fields have these values.

        Args:
            split: Which split.
            where: The value that a field has, or is among, by name: ``{"label": 3}``,
                ``{"label": [3, 5]}``.

        Raises:
            DataError: As :meth:`examples` does; also if the data have no such field, or if
                there is no such example.

        >>> fields = {"label": np.array([0, 1, 0])}
        >>> data = Data(
        ...     load=lambda split: np.zeros((3, 2)),
        ...     splits=("test",),
        ...     field=lambda split, name: fields[name],
        ... )
        >>> Inputs(data=data).find("test", {"label": 0}).tolist()
        [0, 2]
        """
        chosen = np.ones(self.size(split), bool)
        for name, value in where.items():
            values = np.asarray(self.data.field(split, name))
            if values.ndim != 1:
                raise DataError(
                    f"{name!r} is of the shape {values.shape[1:]}; examples are found by a number"
                )
            chosen &= np.isin(values, value)
        if not chosen.any():
            wanted = ", ".join(f"{name} {value}" for name, value in where.items())
            raise DataError(f"no example of the data set's {split!r} split has {wanted}")
        return np.flatnonzero(chosen)

    def real_parts(
        self,
        split: str,
        indices: np.ndarray | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield the examples of these indices of a split (all by default), some at a time.

        Args:
            split: Which split.
            indices: Integers ``[n]``: which examples, in which order.
            where: In place of indices: what they have; see :meth:`find`.

        Raises:
            DataError: As :meth:`examples` and :meth:`find` do.
        """
        self._check(split)
        if where:
            indices = self.find(split, where)
        indices = np.arange(self.size(split)) if indices is None else indices
        take = self.data.take or (lambda split, indices: self.data.load(split)[indices])
        return (
            _check_real(take(split, indices[first:last]), split)
            for first, last in self._parts(len(indices))
        )

    def _parts(self, n: int) -> Iterator[tuple[int, int]]:
        most = PART_EXAMPLES
        if self.data.spec is not None:
            most = max(1, min(most, PART_BYTES // (4 * self.data.spec.size)))
        return ((first, min(first + most, n)) for first in range(0, n, most))

    def generated_parts(
        self, n: int, given: Mapping[str, Any] | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the samples ``generated(n, given)``, some at a time.

        Raises:
            DataError, UsageError: As :meth:`generated` does.
        """
        _check_count(n)
        each = self._given(n, given)
        for first, last in self._parts(n):
            own = {"given": {name: values[:last] for name, values in each.items()}} if each else {}
            samples = np.asarray(self.samples(last, self.seed, first, **own))
            yield self._check_samples(samples, last - first)


def _check_count(n: int) -> None:
    if n < 1:
        raise DataError(f"{n} samples were requested; one is the least")


def _check_real(examples: np.ndarray, split: str) -> np.ndarray:
    examples = np.asarray(examples)
    bad = int(len(examples) - np.isfinite(examples.reshape(len(examples), -1)).all(axis=1).sum())
    if bad:
        raise DataError(
            f"{bad} of the {split!r} split's examples are not finite",
            hint="`advnets validate` says which data are read; mend or leave out these examples",
        )
    return examples
