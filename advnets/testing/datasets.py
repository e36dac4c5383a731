"""Checks of data sets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from unittest import SkipTest

import numpy as np
import tensorflow as tf

from ..data import SPLITS, DataSpec, DataUnavailable, Examples, Source
from ..errors import DataError
from ..plugins.dataset_parameters import DatasetParameters
from . import toys
from .failure import fail
from .subject import Subject


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
    """Every split: examples as in the spec, labels within the classes."""
    source = _made(subject)
    for split in source.splits:
        try:
            examples = source.load(split)
        except DataError as error:
            fail(f"split {split!r} cannot be loaded: {error}")
        labels, classes = source.labels(split), source.spec.num_classes
        if labels is None:
            continue
        if len(labels) != len(examples):
            fail(f"split {split!r} has {len(examples)} examples and {len(labels)} labels")
        if classes is None:
            fail("it has labels, but its spec does not say how many classes (num_classes)")
        if labels.min() < 0 or labels.max() >= classes:
            fail(
                f"labels of split {split!r} reach from {labels.min()} to {labels.max()}; "
                f"0 to {classes - 1} was expected"
            )


def reads_the_same_every_time(subject: Subject) -> None:
    """A run's trajectory depends on the examples and their order."""
    first = _made(subject)
    seen = {split: (first.fingerprint(split), first.labels(split)) for split in first.splits}
    first.release()
    for source in (first, _made(subject)):
        for split, (fingerprint, labels) in seen.items():
            again = source.labels(split)
            same = again is labels is None
            if labels is not None and again is not None:
                same = np.array_equal(labels, again)
            if source.fingerprint(split) != fingerprint or not same:
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
        whole, labels = source.load(split), source.labels(split)
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
            same = part.labels is labels is None
            if part.labels is not None and labels is not None:
                same = np.array_equal(part.labels, labels[chosen])
            if not same:
                fail(f"read_some gives other labels of {split!r} than read does")
        if streamed.fingerprint(split) != source.fingerprint(split):
            fail(f"split {split!r} has another fingerprint when it is streamed")


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


def plays_a_short_game(subject: Subject) -> None:
    """A small game on its first examples stays finite."""
    source = _made(subject)
    data = tf.convert_to_tensor(source.preprocess.apply(source.load("train")[:16]))
    shape = source.spec.shape
    made = toys.game(generator=toys.generator(shape), discriminator=toys.discriminator(shape=shape))
    toys.trained(made, data, ("discriminator", "generator"))


def _made(subject: Subject, *, there: bool = True) -> Source:
    source = subject.make()
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
