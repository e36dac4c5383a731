"""Say what a source holds, what it leaves out, and where its values lie."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..errors import AdvnetsError
from ..safe_io import printable
from ..safe_io.wording import plural_of, pluralise, shorten, some
from .given import NARROW
from .preprocess import AFFINE
from .source import Source
from .spec import DataSpec, Field

MOST_CLASSES = 12
"""Classes that are counted one by one."""
ENOUGH, SEEN = 16, 256
"""Examples of a held-out split that show in which range it lies; those that are looked at."""
LARGEST = 8.0
"""Of what nothing brings to a range: networks do not expect greater values."""
LONGEST = 500
"""Characters of a line."""


class Summary(NamedTuple):
    """Hold what there is to say of data.

    Attributes:
        lines: What they are, how many, and what is left out.
        warnings: What is odd about them.
    """

    lines: list[str]
    warnings: list[str]

    def and_of(self, what: str, other: Summary) -> Summary:
        """Return it with what there is to say of other data, after their name.

        >>> Summary(["one"], []).and_of("b", Summary(["two"], ["odd"]))
        Summary(lines=['one', 'b: two'], warnings=['b: odd'])
        """
        more = ([f"{what}: {text}" for text in texts] for texts in other)
        return Summary(*(own + new for own, new in zip(self, more, strict=True)))


def summarise(source: Source, reading: bool = True) -> Summary:
    """Say what a source holds: what an example is, how many there are, what is left out.

    Args:
        source: The data, which are there.
        reading: Whether all training examples may be read for it; without, the values' ends,
            and what only decoding shows, are said only where they are known already.

    Raises:
        DataError: If the data cannot be read.

    >>> from advnets.data import Examples
    >>> class Coin(Source):
    ...     name = "coin"
    ...     spec = DataSpec((1,), "float32", 0, 1, fields={"label": Field((), "int64", classes=2)})
    ...     splits = ("train", "test")
    ...     def read(self, split):
    ...         x = np.array([[0.0], [0.0], [1.0]], "float32")
    ...         return Examples(x, {"label": np.array([0, 0, 1])})
    >>> print(*summarise(Coin()).lines, sep="\\n")
    coin: vectors of 1, float32 from 0 to 1, as they are
    train: 3 examples (class 0: 2, 1: 1)
    test: counted when it is read
    """
    if reading:
        source.fingerprint()
    lines = [_describe_examples(source), *(_describe_split(source, s) for s in source.splits)]
    for why, names in source.left_out().items():
        lines.append(f"left out: {why}: {len(names):,} ({some(names, 3)})")
    warnings = [*source.remarks(), *_find_missing_classes(source), *_find_narrow(source)]
    warnings += _find_other_ranges(source) if reading else []

    def shown(texts: list[str]) -> list[str]:
        return [shorten(printable(text, lines=False), LONGEST) for text in texts]

    return Summary(shown(lines), shown(warnings))


def _describe_examples(source: Source) -> str:
    spec, ends = source.spec, source.extremes("train")
    shape = "×".join(map(str, spec.shape))
    values = f"{spec.dtype} from {ends[0]:g} to {ends[1]:g}" if ends else spec.dtype
    way, (low, high) = source.preprocess, source.preprocess.range or (0.0, 0.0)
    to = "as they are"
    if way.name in AFFINE:
        to = f"{spec.low:g} to {spec.high:g} brought to [{low:g}, {high:g}] ({way.name})"
    elif way.name != "none":
        to = f"preprocessed by {way.description}"
    return f"{source.name}: {plural_of(spec.kind)} of {shape}, {values}, {to}"


def _describe_split(source: Source, split: str) -> str:
    try:
        count, labels = source.known(split)
    except AdvnetsError as error:
        return f"{split}: cannot be read: {error.message}"
    if count is None:
        return f"{split}: counted when it is read"
    text = f"{split}: {pluralise(count, 'example')}"
    field = source.spec.fields.get("label")
    if labels is None or field is None or not field.classes:
        return text
    return f"{text} ({_describe_classes(np.bincount(labels, minlength=field.classes), field)})"


def _describe_classes(counts: np.ndarray, field: Field) -> str:
    if len(counts) > MOST_CLASSES:
        none = int((counts == 0).sum())
        without = f", {none:,} of them without any" if none else ""
        return f"{len(counts):,} classes of {counts.min():,} to {counts.max():,}{without}"
    names = field.names or tuple(map(str, range(len(counts))))
    each = ", ".join(f"{name}: {n:,}" for name, n in zip(names, counts, strict=True))
    return each if field.names else f"class {each}"


def _find_missing_classes(source: Source) -> list[str]:
    """Find classes without any training example; that held-out splits lack some, lines tell."""
    field = source.spec.fields.get("label")
    try:
        _, labels = source.known("train")
    except AdvnetsError:  # which its line tells
        return []
    if labels is None or field is None or not field.classes:
        return []
    none = np.flatnonzero(np.bincount(labels, minlength=field.classes) == 0)
    names = [field.names[i] if field.names else str(i) for i in none]
    what = "class" if len(names) == 1 else "classes"
    return [f"no training example is of the {what} {some(names, 5)}"] if names else []


def _find_narrow(source: Source) -> list[str]:
    """Find values that fill little of the range that is brought to the networks', or leave it."""
    spec, found = source.spec, []
    images: Mapping[str, DataSpec | Field] = {"": spec} | {
        name: field for name, field in spec.fields.items() if field.kind == "image"
    }
    for name, declared in images.items():
        ends = source.extremes("train", name or None)
        if ends is not None and (text := _find_odd(source, declared, *ends)):
            found.append(f"{f'the field {name}: ' if name else ''}{text}")
    return found


def _find_other_ranges(source: Source) -> list[str]:
    """Find held-out splits that lie in another range than the training split, by their first
    examples: what is scored against them would be wrong by a factor.
    """
    train, found = source.extremes("train"), []
    for split in source.splits:
        with contextlib.suppress(AdvnetsError):  # which its line tells, or who reads it
            ends = _ends_of(source, split) if train and split != "train" else None
            if train and ends and _in_other_range(train, ends):
                found.append(
                    f"the {split} split lies in {ends[0]:g} to {ends[1]:g}, and the training split "
                    f"in {train[0]:g} to {train[1]:g}: scores against it would compare two ranges. "
                    "Bring both to one before you store them"
                )
    return found


def _ends_of(source: Source, split: str) -> tuple[float, float] | None:
    if (known := source.extremes(split)) is not None:
        return known if source.count(split) >= ENOUGH else None
    count = source.count(split) if source.reads_parts(split) or source.quick() else 0
    if count < ENOUGH:
        return None
    seen = source.take(split, np.arange(min(count, SEEN))).examples
    return float(seen.min()), float(seen.max())


def _in_other_range(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether one interval is far wider, or reaches far below 0 and the other does not.

    >>> _in_other_range((0, 1), (0, 255)), _in_other_range((-1, 1), (0, 1))
    (True, True)
    >>> _in_other_range((0, 1), (0.2, 0.9)), _in_other_range((-0.1, 1), (0, 1))
    (False, False)
    """
    (low, high), (start, end) = one, other
    narrow, wide = sorted((high - low, end - start))
    below = any(a < -NARROW * (b - a) and c >= 0 for (a, b), c in ((one, start), (other, low)))
    return wide > 0 and (narrow < NARROW * wide or below)


def _find_odd(source: Source, declared: DataSpec | Field, low: float, high: float) -> str | None:
    way: Any = source.preprocess
    if isinstance(declared, Field):
        way = way.for_field(declared)
    if low == high:
        return f"all values are {low:g}"
    if way.name in AFFINE:
        start, end = way.spec.low, way.spec.high
        if high - low >= NARROW * (end - start) and not start < 0 <= low:
            return None
        first, last = AFFINE[way.name]
        seen = [first + (last - first) * (value - start) / (end - start) for value in (low, high)]
        return (
            f"the values are {low:g} to {high:g} only, but {start:g} to {end:g} is brought to "
            f"[{first:g}, {last:g}]: networks see {seen[0]:.3g} to {seen[1]:.3g}. If their range "
            "is another, declare it (npz: low and high), or store masks as booleans"
        )
    if way.name == "none" and declared.low is not None and declared.low < 0 <= low:
        return (
            f"the values are {low:g} to {high:g} only, but {declared.low:g} to {declared.high:g} "
            "is declared, and the generator's to fill. If their range is another, declare it "
            "(npz: low and high)"
        )
    # That 0 to 255 is the range of uint8 makes no vector of it fit for a network.
    raw = declared.low is None or (declared.kind == "vector" and declared.dtype == "uint8")
    if way.name == "none" and raw and max(-low, high) > LARGEST:
        declare = "declare their range (npz: low and high) and " if declared.low is None else ""
        return (
            f"{plural_of(declared.kind)} of {declared.dtype} go to the networks as they are, from "
            f"{low:g} to {high:g}. To have them brought to [0, 1] or [-1, 1], {declare}"
            "set dataset.preprocess=unit or symmetric"
        )
    return None
