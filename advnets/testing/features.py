"""Checks of feature extractors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import numpy as np

from ..data import DataUnavailable, Source
from ..errors import AdvnetsError, UsageError
from ..evaluate import FeatureContext, FeatureExtractor
from ..evaluate.features.extractors import compute
from .building import shapes_for
from .classes import Classes, cache
from .failure import fail
from .subject import Subject

SHAPES = ((8, 8, 1), (2,))
"""Shapes of the examples that are described, unless its example says one; an extractor may refuse
one of them."""
FEW = 12


def gives_features(subject: Subject) -> None:
    """One row of finite numbers for each example."""
    for extractor, examples in _made(subject):
        before = examples.copy()
        compute(extractor, "features", examples)  # raises what is wrong with them
        if not np.array_equal(before, examples):
            fail("it changed the examples that it was given")


def gives_probabilities(subject: Subject) -> None:
    """Of classes: rows that add up to 1; or a UsageError."""
    for extractor, examples in _made(subject):
        try:
            rows = compute(extractor, "probabilities", examples)
        except UsageError:
            continue
        if (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1, atol=1e-5):
            fail(f"a row of probabilities adds up to {rows.sum(axis=1)[0]:g}")


def describes_itself(subject: Subject) -> None:
    """JSON values, with the number of features."""
    for extractor, examples in _made(subject):
        described = extractor.describe()
        try:
            json.dumps(described, allow_nan=False)
        except (TypeError, ValueError) as error:
            fail(f"what it says of itself is no JSON: {error}")
        found = np.asarray(extractor(examples)).shape[1]
        if described.get("dimensions") != found:
            fail(
                f"it has {found} features, and describe() says dimensions: "
                f"{described.get('dimensions')}"
            )


def treats_examples_one_by_one(subject: Subject) -> None:
    """Whatever else is computed beside an example, its features are the same."""
    for extractor, examples in _made(subject):
        together = np.asarray(extractor(examples))
        apart = np.concatenate([extractor(one[None]) for one in examples])
        if not np.allclose(together, apart, rtol=1e-4, atol=1e-4 * np.abs(together).max()):
            fail("an example has other features where others are computed beside it")


def is_the_same_made_again(subject: Subject) -> None:
    """Every worker makes its own."""
    for (first, examples), (again, _) in zip(_made(subject), _made(subject), strict=True):
        if first.describe() != again.describe():
            fail(f"made again it describes itself otherwise: {again.describe()}")
        if not np.array_equal(first(examples), again(examples)):
            fail("made again it gives other features", hint="fix seeds, and sort what is read")


def _made(subject: Subject) -> list[tuple[FeatureExtractor, np.ndarray]]:
    """The extractor for every shape that it does not refuse, and examples."""
    found, refusals = [], []
    for shape in shapes_for(subject, SHAPES):
        source = Classes(shape)
        context = FeatureContext(
            data=source,
            spec=source.spec,
            cache=cache(),
            open=_opener(source),
        )
        key = f"{subject} {subject.parameters}"
        if key in _missing:
            raise SkipTest(_missing[key])
        try:
            extractor = subject.make(context)
        except DataUnavailable as error:
            if not error.hint:
                fail(f"it is unavailable ({error.message}), and no hint says what to do")
            _missing[key] = f"{subject}: {error.message}"
            raise SkipTest(_missing[key]) from error
        except AdvnetsError as error:
            refusals.append(f"of shape {shape}: {error.message}")
            continue
        if not isinstance(extractor, FeatureExtractor):
            fail(f"it makes {type(extractor).__name__}, not an advnets.evaluate.FeatureExtractor")
        found.append((extractor, source.load("test")[:FEW]))
    if not found:
        fail(
            f"it refuses data {'; '.join(refusals)}",
            hint="say what it is for: Component(…, example={'shape': (28, 28, 1)})",
        )
    return found


def _opener(source: Classes) -> Callable[[Any], Source]:
    return lambda wanted: source


# Looking may take seconds where a host has to be asked, and every check looks.
_missing: dict[str, str] = {}
