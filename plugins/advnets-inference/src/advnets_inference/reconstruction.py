"""Measure how far examples are from what G makes of their codes."""

from __future__ import annotations

import numpy as np

from advnets import validated_by
from advnets.evaluate import MetricContext, Score, mean_interval

from .codes import reconstruct
from .hooks import ReconstructionParameters


@validated_by(ReconstructionParameters)
def reconstruction(
    context: MetricContext, encoder: str = "encoder", split: str = "test"
) -> list[Score]:
    """Measure the mean of ‖G(E(x)) − x‖ over held-out examples, Euclidean, of preprocessed x.

    Args:
        context: Networks and data.
        encoder: E; of one that says a mean, that.
        split: Of the examples.

    Returns:
        One score, in the units of preprocessed examples. ``of_mean`` is the same distance from
        the mean of the split: what knows nothing of x has that.

    Raises:
        UsageError: If there is no such network, or if G or E are told more.

    Source: own; Donahue et al. 2017 (arXiv:1605.09782), figure 2, shows G(E(x)).
    """
    x = context.examples(split)
    flat, back = (_flat(each) for each in (x, reconstruct(context, encoder, x)))
    distance = np.linalg.norm(flat - back, axis=1)
    interval = mean_interval(distance)
    protocol = context.protocol(
        better="lower",
        unit="Euclidean distance of preprocessed examples",
        outcomes=["of_mean"],
        encoder=encoder,
        split=split,
        examples=len(x),
        of_mean=float(np.linalg.norm(flat - flat.mean(0), axis=1).mean()),
        error="standard error of the mean",
        **interval.protocol(),
    )
    return [Score("reconstruction", float(distance.mean()), interval.error, protocol)]


def _flat(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64).reshape(len(values), -1)
