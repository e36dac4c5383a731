"""Measure how often a classifier within the game names the wrong class of a real example."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advnets import validated_by
from advnets.errors import DataError
from advnets.evaluate import MetricContext, Score, proportion_interval

from .hooks import ClassificationErrorParameters


@validated_by(ClassificationErrorParameters)
def classification_error(
    context: MetricContext,
    *,
    split: str = "test",
    field: str = "label",
    head: str = "class_logits",
    network: str = "discriminator",
    matched: bool = False,
) -> list[Score]:
    """Compute the share of real examples x with argmax_k l_k(x) ≠ y, l being a head of D.

    Of K + 1 classes, "generated" is none that is named: x is real. The network computes as in
    inference, without dropout, noise and augmentations.

    Args:
        context: The data and the networks.
        split: Whose examples are read, all of them.
        field: What is right: the field y, of classes.
        head: The network's word that holds one logit for each class, ``[N, K]``; of no meaning
            where the network returns one tensor.
        network: Which network is asked; it takes an example and nothing else.
        matched: For a head that was never told what its values are called (InfoGAN's code):
            whether each value k is first named after the class that is the most frequent among
            the training examples read as k.

    Returns:
        ``classification_error`` in 0 … 1, with the binomial error and Wilson's interval.

    Raises:
        DataError: If the data have no such field of classes, or the network no such head.
        UsageError: If there is no such network, or if it takes other things than the example.

    Source: Salimans et al. 2016 (arXiv:1606.03498), table 1, counts such errors; of ``matched``,
    Chen et al. 2016 (arXiv:1606.03657).
    """
    known = context.spec.fields.get(field) if context.spec is not None else None
    if known is None or known.classes is None or known.shape:
        raise DataError(
            f"the data have no classes called {field!r}",
            hint="this metric reads a field of classes: field=label, say",
        )
    classes = known.classes

    def read(split: str) -> tuple[np.ndarray, np.ndarray]:
        found = [
            _classes(context, part, network, head, None if matched else classes)
            for part in context.real_parts(split)
        ]
        return np.concatenate(found), np.asarray(context.data.field(split, field)).reshape(-1)

    named, right = read(split)
    if matched:
        names = match(*read("train"), classes)
        # A value that no training example was read as is called nothing, which is wrong.
        named = np.where(named < len(names), names[np.minimum(named, len(names) - 1)], -1)
    wrong = int((named != right).sum())
    interval = proportion_interval(wrong, len(right))
    protocol = context.protocol(
        better="lower",
        split=split,
        field=field,
        network=network,
        head=head,
        matched=matched,
        examples=len(right),
        wrong=wrong,
        outcomes=["wrong"],
        error="binomial; Wilson's interval",
        **interval.protocol(),
    )
    return [Score("classification_error", wrong / len(right), interval.error, protocol)]


def match(values: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Name each value after the class that most of its examples are of; the first of equals.

    Args:
        values: What each example was read as, integers ``[N]`` from 0 on.
        labels: Its class, ``[N]``.
        classes: How many classes there are.

    Returns:
        int64 ``[max(values) + 1]``; −1 for a value that no example was read as.

    >>> match(np.array([0, 0, 2, 2, 2]), np.array([1, 1, 0, 3, 3]), 4).tolist()
    [1, -1, 3]
    """
    counts = np.zeros((int(values.max()) + 1, classes), np.int64)
    np.add.at(counts, (values, labels), 1)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), -1)


def _classes(
    context: MetricContext, examples: np.ndarray, network: str, head: str, classes: int | None
) -> np.ndarray:
    """Return the class that each example is read as, int64 ``[N]``."""
    said = context.network(network)(example=examples)
    if isinstance(said, Mapping):
        if head not in said:
            raise DataError(
                f"the {network} says nothing that is called {head!r}",
                hint=f"it says {', '.join(sorted(said))}; `heads: {{{head}: label}}` of a "
                "discriminator adds logits of classes",
            )
        said = said[head]
    logits = np.asarray(said)
    if logits.ndim != 2 or (classes is not None and logits.shape[1] != classes):
        wanted = "[n, classes]" if classes is None else f"[n, {classes}]"
        raise DataError(
            f"what the {network} says is of the shape [n, {', '.join(map(str, logits.shape[1:]))}]"
            f"; {wanted}, a logit for each class, was expected",
            hint="name another head, or matched=true for values that were never named",
        )
    return logits.argmax(axis=1)
