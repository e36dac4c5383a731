"""Checks of metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from ..compare import diff_settings, settings
from ..data import Field, Source
from ..data.sources import Gaussian1d
from ..errors import AdvnetsError
from ..evaluate import Data, MetricContext, Players, Score, Weights
from ..evaluate.features import Extractors
from ..evaluate.per_example import per_example
from ..game import Gaussian
from .building import shapes_for
from .classes import Classes, cache
from .failure import fail
from .subject import Subject
from .trial import LATENT, Trial

SHAPES = ((8, 8, 1), (2,))
"""Shapes of the examples that are scored, unless its example says one; a metric may refuse one of
them."""
LINE = (1,)
"""The shape of a game on the line, with players and known densities: for a metric that refuses
the others."""


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


def does_not_depend_on_who_computes(subject: Subject) -> None:
    """What is computed for each example, by several devices and in small parts, is the same."""
    for alone, shared in zip(_scored(subject), _scored(subject, parts=3), strict=True):
        for one, other in zip(alone, shared, strict=True):
            if not math.isclose(one.value, other.value, rel_tol=1e-9, abs_tol=1e-12):
                fail(
                    f"{one.metric} is {one.value!r}, but {other.value!r} where three devices "
                    f"compute it",
                    hint="what context.per_example is given looks at one example at a time, and "
                    "sums in float64",
                )


def tells_settings_from_outcomes(subject: Subject) -> None:
    """Other samples change nothing in the protocol but outcomes that are named: else no two
    scores could be compared."""
    for first, other in zip(_scored(subject), _scored(subject, seed=2), strict=True):
        for one, two in zip(first, other, strict=True):
            found, expected = (settings(s.metric, s.to_dict()["protocol"]) for s in (two, one))
            lines = diff_settings(expected, found)
            if lines:
                fail(
                    f"the protocol of {one.metric} differs for other samples: {'; '.join(lines)}",
                    hint="name what the measurement finds out: context.protocol(outcomes=[...])",
                )


def _scored(subject: Subject, parts: int = 1, seed: int = 1) -> list[list[Score]]:
    """What the metric says of noise, for every shape that it does not refuse."""
    found: list[list[Score]] = []
    refusals: list[str] = []
    for shape in shapes_for(subject, (*SHAPES, LINE)):
        if shape == LINE and found:
            break
        try:
            returned = subject.make(_context(subject, shape, parts, seed))
        except AdvnetsError as error:
            refusals.append(f"of shape {shape}: {error.message}")
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
        fail(
            f"it refuses data {'; '.join(refusals)}",
            hint="say what it is for: Component(…, example={'shape': (28, 28, 1)})",
        )
    return found


def _context(subject: Subject, shape: tuple[int, ...], parts: int, seed: int) -> MetricContext:
    fields = Trial(subject.example).described
    source: Source = (
        Classes(shape, fields) if shape != LINE else Gaussian1d(examples=60, held_out=30)
    )

    def noise(
        n: int, seed: int, first: int = 0, given: Mapping[str, np.ndarray] | None = None
    ) -> np.ndarray:
        told = sum(np.reshape(values, (n, -1)).mean(1) for values in (given or {}).values())
        drawn = np.random.default_rng(seed).random((n, *shape), "float32")
        return (drawn + np.reshape(told, (-1,) + (1,) * len(shape)))[first:].astype("float32")

    def spread(function: Any, examples: np.ndarray, *others: Any, at_once: int) -> np.ndarray:
        if parts > 1:
            at_once = min(at_once, 7)
        return per_example(function, examples, *others, at_once=at_once, devices=["CPU:0"] * parts)

    return MetricContext(
        samples=noise,
        told={"latent": Field((LATENT,), "float32"), **source.spec.fields},
        data=Data.of(source),
        seed=seed,
        weights=Weights(step=7 * seed, sha256=str(seed) * 64),
        players=_line(seed) if shape == LINE else _players(seed, shape),
        spread=spread,
        extract=partial(Extractors(source, subject.registry, cache()).extract, spread=spread),
    )


def _players(seed: int, shape: tuple[int, ...]) -> Players:
    """G adds up z and whatever it is told, D's logits are the mean of x."""

    def generator(z: np.ndarray, **told: np.ndarray) -> np.ndarray:
        total = sum(np.reshape(one, (len(z), -1)).mean(1) for one in (z, *told.values()))
        return np.broadcast_to(
            np.reshape(total + seed, (-1,) + (1,) * len(shape)), (len(z), *shape)
        ).astype("float32")

    def discriminator(x: np.ndarray, **told: np.ndarray) -> dict[str, np.ndarray]:
        logits = np.reshape(x, (len(x), -1)).mean(1)
        return {"logits": logits, "probability": 1 / (1 + np.exp(-logits)), "energy": logits**2}

    def network(name: str, **given: np.ndarray) -> Any:
        if name == "generator":
            return generator(given.pop("latent"), **given)
        if name == "discriminator":
            return discriminator(given.pop("example"), **given)
        n = len(next(iter(given.values())))
        means = [np.reshape(one, (n, -1)).mean(1, keepdims=True) for one in given.values()]
        return np.repeat(np.sum(means, axis=0), LATENT, axis=1).astype("float32")

    return Players(
        prior=Gaussian(LATENT),
        generator=generator,
        discriminator=discriminator,
        judge_in_play=discriminator,
        networks=network,
    )


def _line(seed: int) -> Players:
    """G(z) = z + seed, and a D that is the surer, and gives the less energy, the larger x is."""

    def generator(z: np.ndarray) -> np.ndarray:
        return np.asarray(z + seed, np.float32)

    def discriminator(x: np.ndarray) -> dict[str, np.ndarray]:
        probability = 1 / (1 + np.exp(-x[:, 0]))
        return {"logits": x[:, 0], "probability": probability, "energy": 10 * (1 - probability)}

    return Players(
        prior=Gaussian(1),
        generator=generator,
        discriminator=discriminator,
        judge_in_play=discriminator,
    )
