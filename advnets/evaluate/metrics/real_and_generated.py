"""Compute the features of real and of generated examples, and describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import DataError
from ..context import MetricContext
from ..features import Wanted

FEW = 20
"""Examples on a side below which no formula for an error is worth its name."""


class RealAndGenerated(NamedTuple):
    """Hold the features that a metric compares.

    Attributes:
        real: Features of real examples, float64 ``[n, d]``, in the data set's own order.
        generated: Features of G's samples, float64 ``[m, d]``.
        protocol: How many, of which split, in which features; and a ``note`` where they make a
            score that says little (:func:`note_of`).
    """

    real: np.ndarray
    generated: np.ndarray
    protocol: Mapping[str, Any]


def real_and_generated(
    context: MetricContext,
    features: Wanted | None,
    samples: int | None,
    split: str,
    examples: int | None,
) -> RealAndGenerated:
    """Compute features of the first ``examples`` of a split and of ``samples`` samples.

    Args:
        context: What the metric was given.
        features: A component of kind ``features``, or ``None`` for the default.
        samples: Number of samples, or ``None`` for as many as there are real examples.
        split: Of the real examples.
        examples: How many of them, or ``None`` for all.

    Raises:
        DataError: If no features were named for examples that are no vectors, or there are
            fewer examples than requested.
    """
    name = features_for(context, features)
    size = context.size(split)
    if examples is not None and examples > size:
        raise DataError(
            f"{examples} examples were requested; the {split!r} split has {size}",
            hint="request fewer, or leave `examples` out for all of them",
        )
    real = context.real_features(name, split, np.arange(size if examples is None else examples))
    generated = context.generated_features(name, samples or len(real))
    protocol = {
        "samples": len(generated),
        "split": split,
        "examples": len(real),
        "features": context.describe_features(name),
        "dimensions": real.shape[1],
        "precision": "float64",
        **note_of({"real": real, "generated": generated}),
    }
    return RealAndGenerated(real, generated, protocol)


def features_for(context: MetricContext, name: Wanted | None) -> Wanted:
    """Return the features to compare in: ``name``, or ``pixels`` where the data are no images.

    For images there is no default: distances between pixels, in a classifier's features and
    in Inception's are different scores, and which was meant should be seen in the recipe.

    Raises:
        DataError: If they must be named.
    """
    if name is not None:
        return name
    if context.spec is not None and context.spec.kind != "image":
        return "pixels"
    raise DataError(
        "this metric needs a choice of features in which to compare images",
        hint="name them as in {name: fid, features: classifier}: classifier (trained on this data "
        "set's labels), inception (natural images), or pixels",
    )


def note_of(sides: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Describe what makes a score of these examples say little, as an entry of its protocol.

    Args:
        sides: Features ``[n, d]`` by what their examples are called. Of the last two it is told
            if all of one are found among the other.

    Returns:
        The entry ``note``, if there is anything to note.

    >>> note_of({"real": np.ones((30, 2)), "generated": np.arange(60.0).reshape(30, 2)})
    {'note': 'all 30 real examples are the same'}
    """
    notes = []
    for who, x in sides.items():
        if len(x) < FEW:
            notes.append(f"{len(x)} {who} examples are few: the interval holds less than it states")
        elif is_constant(x):
            notes.append(f"all {len(x)} {who} examples are the same")
    (first, x), (second, y) = list(sides.items())[-2:]
    if not notes and _hashes(y) <= _hashes(x):
        notes.append(f"every one of the {second} examples is also among the {first} ones")
    return {"note": "; ".join(notes)} if notes else {}


def add_note(protocol: Mapping[str, Any], note: str) -> dict[str, Any]:
    """Return a protocol's entries with a further note, if there is one.

    >>> add_note({"note": "few"}, "heavy tails"), add_note({}, "")
    ({'note': 'few; heavy tails'}, {})
    """
    notes = "; ".join(filter(None, [protocol.get("note"), note]))
    return {**protocol, "note": notes} if notes else dict(protocol)


def is_constant(x: np.ndarray) -> bool:
    """Tell whether all rows are the same, but for the rounding of float32.

    >>> is_constant(np.array([[1.0, 0.0], [1.0, 0.0]])), is_constant(np.eye(2))
    (True, False)
    """
    return float(np.ptp(x, axis=0).max(initial=0.0)) <= 1e-6 * float(np.abs(x).max(initial=0.0))


def _hashes(x: np.ndarray) -> set[int]:
    return {hash((row + 0.0).tobytes()) for row in x}  # -0.0 is 0.0
