"""Measure how often a sample is of the class that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from advnets import validated_by
from advnets.errors import DataError
from advnets.evaluate import MetricContext, Score, proportion_interval

from .hooks import ClassAgreementParameters


@validated_by(ClassAgreementParameters)
def class_agreement(
    context: MetricContext,
    *,
    features: str | Mapping[str, Any] = "classifier",
    field: str = "label",
    samples: int = 1000,
    matched: bool = False,
) -> list[Score]:
    """Compute the share of samples G(z, y) that a classifier of real examples reads as y.

    Every class y is asked for equally often, in turn. The classifier is none of the game's: it
    has seen real examples only, and its own accuracy is in the protocol.

    Args:
        context: Samples.
        features: Features that know the data's classes, a name or an entry.
        field: What G is told: a field of classes.
        samples: How many samples, of all classes alike.
        matched: For a code whose values have no names (InfoGAN's): whether values are first named
            after classes, each after another one, so that as many samples as can be agree. These
            are the first half of the samples; the second half is measured. Where there are more
            values than classes, some have no name, and their samples are wrong.

    Returns:
        ``class_agreement`` in 0 … 1, with the binomial error and Wilson's interval; the
        protocol has the share of each class, ``by_class``, as well.

    Raises:
        DataError: If G is told no such classes, or if the features know another number of them.

    >>> def drawn(n, seed, first=0, given=None):  # a generator that makes its label, or a 0
    ...     label = np.zeros(n) if given is None else given["label"]
    ...     return label[first:, None].astype("float32")
    >>> from advnets.data import Field
    >>> def read(what, wanted, examples):  # a classifier of them
    ...     return {} if what == "describe" else np.eye(3)[examples[:, 0].astype(int)]
    >>> context = MetricContext(
    ...     samples=drawn, told={"label": Field((), "int64", classes=3)}, extract=read
    ... )
    >>> [score.value for score in class_agreement(context, samples=30)]
    [1.0]
    """
    told = context.told.get(field)
    if told is None or told.classes is None or told.shape:
        raise DataError(
            f"the generator is told no classes called {field!r}",
            hint=f"this metric asks for classes: given: {{generator: [{field}]}}, or name another "
            "field",
        )
    classes = told.classes
    if samples < (2 * classes if matched else classes):
        raise DataError(f"{samples} samples are too few to ask for each of {classes} classes")
    asked = np.arange(samples) % classes
    odds = context.generated_probabilities(features, samples, {field: asked})
    found = odds.argmax(axis=1)
    measured = np.ones(samples, bool)
    if matched:
        measured = np.arange(samples) >= samples // 2
        names = _names(asked[~measured], found[~measured], classes, odds.shape[1])
        asked_for = names[asked]
    elif odds.shape[1] != classes:
        raise DataError(
            f"the features know {odds.shape[1]} classes, and {field!r} has {classes}",
            hint="choose features of these classes, or matched=true for a code without names",
        )
    else:
        asked_for = asked
    right = (found == asked_for)[measured]
    interval = proportion_interval(int(right.sum()), len(right))
    by_class = [float(right[asked[measured] == k].mean()) for k in range(classes)]
    protocol = context.protocol(
        better="higher",
        samples=samples,
        field=field,
        matched=matched,
        features=context.describe_features(features),
        by_class=by_class,
        outcomes=["by_class", "features.accuracy"],
        error="binomial; Wilson's interval",
        **interval.protocol(),
    )
    return [Score("class_agreement", float(right.mean()), interval.error, protocol)]


def _names(values: np.ndarray, found: np.ndarray, count: int, classes: int) -> np.ndarray:
    """Return a class for each value, none twice, int64 ``[count]``; −1 where none is left.

    Each after the class that it is most often would do for a generator that makes one class only.
    """
    table = np.zeros((count, classes), np.int64)
    np.add.at(table, (values, found), 1)
    names = np.full(count, -1, np.int64)
    value, name = linear_sum_assignment(table, maximize=True)
    names[value] = name
    return names
