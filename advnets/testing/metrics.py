"""Checks of metrics."""

from __future__ import annotations

import json
import math

import numpy as np

from ..data import DataSpec
from ..errors import AdvnetsError
from ..evaluate import MetricContext, Score
from .failure import fail
from .subject import Subject

SHAPES = ((8, 8, 1), (2,))
"""Shapes of the examples that are scored; a metric may refuse one of them."""
HELD_OUT = 50


def returns_scores(subject: Subject) -> None:
    """A list of scores, finite, with errors that are not negative."""
    for scores in _scored(subject):
        for score in scores:
            if not math.isfinite(score.value):
                fail(f"it scores noise against noise with {score.value}")
            if score.error is not None and not score.error >= 0:
                fail(f"the error of {score.metric} is {score.error}")


def says_how_it_measured(subject: Subject) -> None:
    """The protocol: JSON values, the seed and the generator's weights among them."""
    for scores in _scored(subject):
        for score in scores:
            try:
                json.dumps(dict(score.protocol), allow_nan=False)
            except (TypeError, ValueError) as error:
                fail(f"the protocol of {score.metric} is no JSON: {error}")
            missing = {"seed", "weights_sha256"} - set(score.protocol)
            if missing:
                fail(
                    f"the protocol of {score.metric} lacks {', '.join(sorted(missing))}",
                    hint="begin it with context.protocol(…)",
                )


def measures_the_same_twice(subject: Subject) -> None:
    """Equal samples and data give equal scores."""
    for first, again in zip(_scored(subject), _scored(subject), strict=True):
        if [s.to_dict() for s in first] != [s.to_dict() for s in again]:
            fail(
                f"it returned {', '.join(map(str, first))}, then {', '.join(map(str, again))}",
                hint="take samples with context.generated(n), random numbers from context.seed",
            )


def _scored(subject: Subject) -> list[list[Score]]:
    """What the metric says of noise, for every shape that it does not refuse."""
    found: list[list[Score]] = []
    refusals: list[str] = []
    for shape in SHAPES:
        try:
            returned = subject.make(_context(shape))
        except AdvnetsError as error:
            refusals.append(error.message)
            continue
        scores = [returned] if isinstance(returned, Score) else returned
        if (
            not isinstance(scores, list | tuple)
            or not scores
            or not all(isinstance(score, Score) for score in scores)
        ):
            fail(f"it returned {returned!r:.100}; a list of advnets.evaluate.Score was expected")
        found.append(list(scores))
    if not found:
        fail(f"it refuses images as well as vectors: {'; '.join(refusals)}")
    return found


def _context(shape: tuple[int, ...]) -> MetricContext:
    splits = ("train", "validation", "test")

    def noise(n: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).random((n, *shape), "float32")

    return MetricContext(
        samples=noise,
        data=lambda split: noise(HELD_OUT, 100 + splits.index(split)),
        splits=splits,
        spec=DataSpec(shape, "float32", 0, 1, "image" if len(shape) == 3 else "vector"),
        seed=1,
        step=7,
        weights="0" * 64,
    )
