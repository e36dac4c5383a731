"""Checks of data sets."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest import SkipTest

import numpy as np
import tensorflow as tf

from ..data import SPLITS, DataSpec, DataUnavailable, Examples, Source
from ..data.by_source import draw, endings_of, read_words, write
from ..data.kept import KeptSource, describe_source
from ..errors import AdvnetsError, DataError
from ..plugins.dataset_parameters import DatasetParameters
from . import toys
from .building import source_of
from .failure import fail
from .subject import Subject
from .trial import Trial

SHOWN = (".png", ".jpg", ".jpeg", ".npz")
"""Files of samples that are written whatever the data are."""


def says_whether_it_is_available(subject: Subject) -> None:
    """``available`` returns nothing, or raises DataUnavailable with a way out."""
    available: Callable[[], object] = _made(subject, there=False).available
    try:
        returned = available()
    except DataUnavailable as error:
        if not error.hint:
            fail(f"it is unavailable ({error.message}), and no hint says how to get the data")
    else:
        if returned is not None:
            fail(f"available() returned {returned!r}; it returns nothing, or raises")


def declares_its_examples(subject: Subject) -> None:
    """Shape, type, range and splits."""
    source = _made(subject)
    if not isinstance(source.spec, DataSpec):
        fail(f"its spec is {source.spec!r:.100}, not an advnets.data.DataSpec")
    splits = tuple(source.splits)
    if "train" not in splits or not set(splits) <= set(SPLITS):
        fail(f"its splits are {splits}; 'train', and others of {SPLITS}, were expected")


def takes_preprocess(subject: Subject) -> None:
    """A recipe may choose the preprocessing of any data set."""
    if subject.component is not None and not issubclass(
        subject.component.parameters, DatasetParameters
    ):
        fail("its parameters have no 'preprocess'", hint="subclass advnets.DatasetParameters")


def reads_what_it_declares(subject: Subject) -> None:
    """Every split: examples and fields as in the spec."""
    source = _made(subject)
    for split in source.splits:
        try:
            source.load(split)
        except DataError as error:
            fail(f"split {split!r} cannot be loaded: {error}")


def reads_the_same_every_time(subject: Subject) -> None:
    """A run's trajectory depends on the examples and their order."""
    first = _made(subject)
    seen = {split: _fingerprint(first, split) for split in first.splits}
    first.release()
    for source in (first, _made(subject)):
        for split, fingerprint in seen.items():
            if _fingerprint(source, split) != fingerprint:
                fail(
                    f"split {split!r} is another one when it is read again",
                    hint="sort files by name, and give random generators a fixed seed",
                )


def reads_parts_of_the_whole(subject: Subject) -> None:
    """Parts agree with the whole; and where ``read_some`` is overridden, nothing else is used."""
    source, streamed = _made(subject), _made(subject)
    streamed.memory_budget = 0
    draw = np.random.default_rng(0)
    for split in source.splits:
        whole, names = source.load(split), source.fields(split)
        places = draw.integers(0, len(whole), (4, 7))
        if streamed.reads_parts(split):
            _forbid_the_whole(streamed)
        if streamed.count(split) != len(whole):
            fail(f"split {split!r} counts {streamed.count(split)} examples, but has {len(whole)}")
        with ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(partial(streamed.take, split), places))
        for chosen, part in zip(places, parts, strict=True):
            if not np.array_equal(part.examples, whole[chosen]):
                fail(f"read_some gives other examples of {split!r} than read does")
            if part.fields.keys() != set(names) or not all(
                np.array_equal(part.fields[name], source.field(split, name)[chosen])
                for name in names
            ):
                fail(f"read_some gives other fields of {split!r} than read does")
        if _fingerprint(streamed, split) != _fingerprint(source, split):
            fail(f"split {split!r} has another fingerprint when it is streamed")


def _fingerprint(source: Source, split: str) -> str:
    return source.fingerprint(split, source.fields(split))


def _forbid_the_whole(source: Source) -> None:
    def read(split: str) -> Examples:
        fail(
            f"a whole split ({split!r}) was read where a part was asked for",
            hint="override read_some and count together, and use read in neither",
        )

    source.read = read  # type: ignore[method-assign]


def keeps_its_splits_apart(subject: Subject) -> None:
    """No split is a copy of another: test examples must not be trained on."""
    source = _made(subject)
    owner: dict[str, str] = {}
    for split in source.splits:
        other = owner.setdefault(source.fingerprint(split), split)
        if other != split:
            fail(f"splits {other!r} and {split!r} hold the same examples")


def comes_back_from_preprocessing(subject: Subject) -> None:
    """Preprocessed examples are finite, in the range announced, and can be brought back."""
    source = _made(subject)
    stored = source.load("train")[:16]
    way = source.preprocess
    seen = np.asarray(way.apply(stored))
    if seen.dtype != np.float32 or not np.isfinite(seen).all():
        fail(f"{way} gives {seen.dtype}, or numbers that are not finite")
    if way.range is not None and (seen.min() < way.range[0] or seen.max() > way.range[1]):
        fail(f"{way} gives {seen.min():g} to {seen.max():g}, outside of {way.range}")
    if way.name == "gcn":
        return  # forgets each example's mean and norm
    scale = max(1.0, float(np.abs(stored.astype("float64")).max()))
    if np.abs(way.invert(seen) - stored.astype("float64")).max() > 1e-4 * scale:
        fail(f"{way} cannot be undone: examples come back changed")


def draws_writes_and_reads_without_its_data(subject: Subject) -> None:
    """Runs are sampled from where their data are gone: pictures, files and words need none.

    Words that it reads are tried with what it writes, and with those of the component's
    ``example={"given": {NAME: TEXT}}``.
    """
    source = _made(subject)
    stored, declared = source.load("train")[:5], source.spec
    away = _away(source_of(subject))
    kept = KeptSource(describe_source(source), source.name, 5, lambda spec: None, "away", away)
    with tempfile.TemporaryDirectory() as folder:
        try:
            for x in (stored, stored[:1], 1.5 * stored.astype("float32")):  # G may leave the range
                draw(kept, x)
            written = [Path(folder) / f"x{ending}" for ending in endings_of(kept)]
            for path in written:
                if path.suffix in SHOWN:
                    fail(f"it writes {path.suffix} itself, which `advnets sample` does")
                write(kept, stored, path)
            words = [(name, str(path)) for name in declared.fields for path in written]
            for name, text in words:
                read_words({name: text}, declared.fields, lambda: kept)
            for name, text in subject.example.get("given", {}).items():
                read = read_words({name: text}, declared.fields, lambda: kept)
                if isinstance(read[name], str):
                    fail(f"read_given says nothing of {name}={text!r}, its own example")
        except AdvnetsError as error:
            fail(
                error.message,
                hint=error.hint or "use what the method is given, and self's parameters",
            )


def _away(source: Source) -> Source:
    """Return a source whose data are gone: it neither reads, nor knows what it declares."""

    def gone(self: Any, *words: Any) -> Any:
        raise DataError("data are read, where a run may have none")

    known = isinstance(inspect.getattr_static(type(source), "spec"), DataSpec)
    own: dict[str, Any] = {"read": gone, "read_some": gone}
    own |= {} if known else {"spec": property(gone)}
    source.__class__ = type(type(source).__name__, (type(source),), own)
    return source


def plays_a_short_game(subject: Subject) -> None:
    """A small game on its first examples stays finite."""
    source = _made(subject)
    data = tf.convert_to_tensor(source.preprocess.apply(source.load("train")[:16]))
    shape = source.spec.shape
    made = toys.game(Trial({"shape": shape}))
    toys.trained(made, data, ("discriminator", "generator"))


def _made(subject: Subject, *, there: bool = True) -> Source:
    source = source_of(subject)
    if not isinstance(source, Source):
        fail(f"it makes {type(source).__name__}, not an advnets.data.Source")
    if there:
        key = f"{subject} {subject.parameters}"
        if key not in _missing:
            try:
                source.available()
                _missing[key] = ""
            except DataUnavailable as error:
                _missing[key] = error.message
        if _missing[key]:
            raise SkipTest(f"{subject}: {_missing[key]}")
    return source


# Looking may take seconds where a host has to be asked, and every check looks.
_missing: dict[str, str] = {}
