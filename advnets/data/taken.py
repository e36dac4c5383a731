"""Take some of a data set's training examples, by chance: so many, or so many of each class."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..errors import DataError
from ..safe_io.wording import pluralise
from .examples import Examples
from .preprocess import Preprocess
from .source import Source
from .spec import DataSpec


class Taken(Source):
    """Give some of another source's training examples, in the order in which they stand there.

    Which ones is a pure function of the seed and of the data. With one seed, fewer examples are
    some of more. They are preprocessed as all of them are.

    Args:
        source: The other one.
        examples: How many; ``None``: all of them.
        balanced: A field of classes, of each of which there are equally many; ``None``: whatever
            comes.
        seed: Which of them.
        held_out: Whether the other splits are given as well.
        where: What in the recipe says so, for messages.

    >>> from advnets.data import Field
    >>> class Coin(Source):
    ...     name = "coin"
    ...     spec = DataSpec((1,), "float32", fields={"label": Field((), "int64", classes=2)})
    ...     splits = ("train",)
    ...     def read(self, split):
    ...         x = np.arange(5, dtype="float32")[:, None]
    ...         return Examples(x, {"label": np.array([0, 0, 1, 0, 1])})
    >>> taken = Taken(Coin(), 4, balanced="label")
    >>> taken.labels("train").tolist(), taken.name
    ([0, 1, 0, 1], '4 of coin')
    >>> Taken(Coin(), 6).count("train")
    Traceback (most recent call last):
    ...
    advnets.errors.DataError: 6 examples are to be taken of the 5 for training of coin
    """

    def __init__(
        self,
        source: Source,
        examples: int | None = None,
        balanced: str | None = None,
        seed: int = 0,
        held_out: bool = False,
        where: str | None = None,
    ) -> None:
        super().__init__()
        some = "all" if examples is None else f"{examples:,}"
        self.name = f"{some} of {source.name}"  # type: ignore[misc]
        self.source, self.memory_budget = source, source.memory_budget
        self._examples, self._balanced, self._seed = examples, balanced, seed
        self._held_out, self._where_said = held_out, where

    @property
    def spec(self) -> DataSpec:
        """What one example looks like, as stored."""
        return self.source.spec

    @property
    def is_of_main(self) -> bool:
        """Whether it is of the main data of a run, whose held-out splits are these data's own."""
        return not self._held_out

    @property
    def splits(self) -> tuple[str, ...]:
        """The training split, and the others where they are given."""
        return self.source.splits if self._held_out else ("train",)

    @cached_property
    def preprocess(self) -> Preprocess:
        """The way from stored examples to the networks: that of all of them."""
        return self.source.preprocess

    @cached_property
    def indices(self) -> np.ndarray:
        """The places of the examples in the other source's training split, ascending.

        Raises:
            DataError: If there are too few of them, or if classes cannot have equally many.
        """
        if self._examples is None:
            return np.arange(self.source.count("train"))
        if self._balanced is None:
            count = self.source.count("train")
            if count < self._examples:
                raise DataError(
                    f"{pluralise(self._examples, 'example')} are to be taken of the {count:,} for "
                    f"training of {self.source.name}",
                    where=self._where_said,
                )
            return np.sort(_shuffled(count, self._seed, 0)[: self._examples])
        classes = check_balanced(
            self.source, self._balanced, self._examples, where=self._where_said
        )
        each = self._examples // classes
        values = self.source.field("train", self._balanced)
        chosen = []
        for number in range(classes):
            (places,) = np.nonzero(values == number)
            if len(places) < each:
                raise DataError(
                    f"{pluralise(each, 'example')} are to be taken of each {self._balanced} of "
                    f"{self.source.name}; of the class {number} there "
                    f"{'is' if len(places) == 1 else 'are'} {len(places) or 'none'}",
                    hint="take fewer, or leave `balanced` out",
                    where=self._where_said,
                )
            chosen.append(places[_shuffled(len(places), self._seed, number + 1)[:each]])
        return np.sort(np.concatenate(chosen))

    def count(self, split: str) -> int:
        """Count the examples of a split."""
        return len(self.indices) if split == "train" else self.source.count(split)

    def read(self, split: str) -> Examples:
        """Read a whole split."""
        if split == "train" and self._examples is not None:
            return self.source.take(split, self.indices)
        return self.source._load(split)

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        """Read the examples with these indices only."""
        return self.source.take(split, self.indices[indices] if split == "train" else indices)

    def reads_parts(self, split: str) -> bool:
        """Tell whether parts of a split can be read alone."""
        return self.source.reads_parts(split)

    def known(self, split: str) -> tuple[int | None, np.ndarray | None]:
        """Return a split's number of examples; and their classes, without long reading."""
        if split != "train":
            return self.source.known(split)
        if self._examples is None:
            return self.source.known(split)
        if "indices" not in self.__dict__ and not self.quick():
            return self._examples, None
        return len(self.indices), self.labels(split)

    def available(self) -> None:
        """Find out whether the other source can be had."""
        self.source.available()

    def prepared(self) -> bool:
        """Tell whether the other source lies there ready to be read."""
        return self.source.prepared()

    def quick(self) -> bool:
        """Tell whether the other source can be read within seconds, and without TensorFlow."""
        return self.source.quick()


def check_balanced(source: Source, name: str, examples: int, where: str | None = None) -> int:
    """Return how many classes a field has of which there are to be equally many examples.

    Raises:
        DataError: If it is no field of classes, or if they do not divide the examples.
    """
    field = source.spec.field(name)
    if field.classes is None or field.shape:
        known = [n for n, one in source.spec.fields.items() if one.classes and not one.shape]
        raise DataError(
            f"the field {name!r} of {source.name} is not one class for each example",
            hint=f"such fields are {', '.join(known)}" if known else "it has no such field",
            where=where,
        )
    if examples % field.classes:
        lower = examples - examples % field.classes
        nearest = [f"{n:,}" for n in (lower, lower + field.classes) if n]
        raise DataError(
            f"{pluralise(examples, 'example')} cannot be equally many of {field.classes} classes",
            hint=f"take {' or '.join(nearest)}",
            where=where,
        )
    return field.classes


def _shuffled(count: int, seed: int, stream: int) -> np.ndarray:
    """Return a permutation that is the same with every version of NumPy."""
    return np.random.RandomState([seed, stream]).permutation(count)  # its numbers are frozen
