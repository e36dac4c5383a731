"""Stand for a run's data where they are not: what the run keeps of them to sample with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..errors import DataError, RunError
from ..runs import RunFolder
from .examples import Examples
from .preprocess import Preprocess
from .probe import DataUnavailable
from .source import Source
from .spec import DataSpec, Field


class KeptSource(Source):
    """Know of a data set what a run keeps: its spec, its classes' frequencies, an excerpt.

    It has no splits. A game that is built for it samples as one that is built for the data.

    Args:
        kept: What :func:`describe_source` returned.
        name: What the data set is called.
        train: The training examples that there were.
        excerpt: Returns what :meth:`Source.excerpt` did; ``None`` where none was kept.
        missing: Why the data are not here.
        owner: The data set itself, which draws, writes and reads without its data.
    """

    def __init__(
        self,
        kept: Mapping[str, Any],
        name: str,
        train: int,
        excerpt: Callable[[DataSpec], Examples | None],
        missing: str,
        owner: Source | None = None,
    ):
        super().__init__(kept["preprocess"])
        self.owner = owner
        if owner is not None:
            self.endings = owner.endings  # type: ignore[misc]
        self.name = name  # type: ignore[misc]
        self._spec = parse_spec(kept["spec"])
        self._train, self._excerpt, self.missing = train, excerpt, missing
        mean, norm = kept.get("contrast") or (0.0, 1.0)
        self._contrast = float(mean), float(norm)
        self._way = Preprocess(kept["preprocess"], self._spec, lambda: self._contrast)
        for field, shares in (kept.get("frequencies") or {}).items():
            self.counted[field] = np.array(shares, np.float64)

    @property
    def spec(self) -> DataSpec:
        """What one example looks like, as stored."""
        return self._spec

    @property
    def splits(self) -> tuple[str, ...]:
        """None."""
        return ()

    def count(self, split: str) -> int:
        """Return how many training examples there were; there are no others."""
        return self._train if split == "train" else self._refuse()

    def read(self, split: str) -> Examples:
        """Refuse to."""
        self._refuse()

    def check_split(self, split: str) -> None:
        """Refuse any."""
        self._refuse()

    def available(self) -> None:
        """Refuse: the data are not here."""
        self._refuse()

    def excerpt(self) -> Examples | None:
        """Return the examples that the run keeps, with their fields."""
        return self._excerpt(self.spec)

    def picture(self, x: np.ndarray, spec: DataSpec) -> Any:
        """Draw as the data set does."""
        return None if self.owner is None else self.owner.picture(x, spec)

    def write(self, samples: np.ndarray, path: Path, spec: DataSpec) -> None:
        """Write as the data set does."""
        if self.owner is None:
            return super().write(samples, path, spec)
        return self.owner.write(samples, path, spec)

    def read_given(self, name: str, text: str, field: Field) -> np.ndarray | None:
        """Read as the data set does."""
        return None if self.owner is None else self.owner.read_given(name, text, field)

    def of(self, stream: str) -> KeptSource | None:
        """Return what is kept of a stream; ``None`` where nothing is."""
        found = self.streams.get(stream)
        return found if isinstance(found, KeptSource) else None

    def marginals(self) -> np.ndarray:
        """Return the middle of the range: where a generator begins does not matter any more."""
        low, high = self.preprocess.range or (0.0, 0.0)
        return np.full(self.spec.shape, (low + high) / 2, np.float32)

    @property
    def preprocess(self) -> Preprocess:  # type: ignore[override]
        """The way from stored examples to the networks, and back."""
        return self._way

    def _refuse(self) -> NoReturn:
        raise DataUnavailable(
            f"the run's data are needed, and {self.missing}",
            hint="a run keeps what sampling needs, and no more: bring its data back, or say where "
            "they are now, `advnets run RUN dataset.path=PLACE`, which goes on with them there",
        )


def describe_source(source: Source) -> dict[str, Any]:
    """Return what :class:`KeptSource` needs to know, as JSON; the excerpt lies elsewhere.

    >>> class Coin(Source):
    ...     spec = DataSpec((1,), "float32", 0, 1)
    ...     splits = ("train",)
    ...     def read(self, split):
    ...         return Examples(np.array([[0.0], [1.0]], "float32"))
    >>> kept = describe_source(Coin())
    >>> KeptSource(kept, "coin", 2, lambda spec: None, "they are gone").spec == Coin.spec
    True
    """
    preprocess = source.preprocess
    contrast = preprocess.name == "gcn"
    described: dict[str, Any] = {
        "spec": describe_field(source.spec)
        | {"fields": {name: describe_field(one) for name, one in source.spec.fields.items()}},
        "preprocess": {"gcn": preprocess.scale} if contrast else preprocess.name,
        "frequencies": {name: shares.tolist() for name, shares in source.counted.items()},
    }
    if source.streams:
        described["streams"] = {n: describe_source(own) for n, own in source.streams.items()}
    return described | ({"contrast": list(preprocess.average)} if contrast else {})


def describe_field(field: Field | DataSpec) -> dict[str, Any]:
    """Return a field, or a spec without its fields, as JSON.

    >>> described = describe_field(Field((), "int64", classes=2, names=("ant", "bee")))
    >>> parse_field(described).names
    ('ant', 'bee')
    """
    found: dict[str, Any] = {"shape": list(field.shape), "dtype": field.dtype, "kind": field.kind}
    if field.low is not None:
        found |= {"low": field.low, "high": field.high}
    if isinstance(field, Field) and field.classes is not None:
        found |= {"classes": field.classes, "names": list(field.names)}
    return found


def parse_field(described: Mapping[str, Any]) -> Field:
    """Return the field that :func:`describe_field` described.

    Raises:
        DataError, KeyError, TypeError, ValueError: If it is none.
    """
    own = {key: described.get(key) for key in ("classes", "low", "high")}
    kind, names = described.get("kind", "vector"), tuple(described.get("names") or ())
    return Field(tuple(described["shape"]), described["dtype"], **own, kind=kind, names=names)


def parse_told(folder: RunFolder) -> dict[str, Field | None] | None:
    """Return what a run's samples are made of; ``None`` where its manifest doesn't say.

    Raises:
        RunError: If the manifest's entry is damaged.
    """
    entry = folder.manifest.get("sampling")
    if entry is None:
        return None
    with checked(folder):
        return {
            str(name): None if field is None else parse_field(field)
            for name, field in entry["told"].items()
        }


@contextlib.contextmanager
def checked(folder: RunFolder) -> Iterator[None]:
    """Say that a run's entry ``sampling`` is damaged, if what is in it cannot be understood."""
    try:
        yield
    except (DataError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"the manifest's entry `sampling` is damaged: {error or type(error).__name__}",
            where=str(folder.manifest_file),
            hint="move manifest.json away: the newest checkpoint carries a copy, read instead",
        ) from error


def parse_spec(described: Mapping[str, Any]) -> DataSpec:
    """Return the spec that :func:`describe_source` described; raises as :func:`parse_field`."""
    fields = {name: parse_field(one) for name, one in described["fields"].items()}
    low, high = described.get("low"), described.get("high")
    shape, dtype = tuple(described["shape"]), described["dtype"]
    return DataSpec(shape, dtype, low, high, described["kind"], fields)
