"""Measure how far what is painted is from what was hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advnets import validated_by
from advnets.evaluate import MetricContext, Score, mean_interval
from advnets.random import Draw

from .hooks import InpaintingErrorParameters
from .mask import Mask


@validated_by(InpaintingErrorParameters)
def inpainting_error(
    context: MetricContext,
    kind: str | Sequence[str] = "halves",
    share: float = 0.5,
    field: str = "mask",
    split: str = "test",
    examples: int | None = None,
) -> list[Score]:
    """Measure the mean of |painted − x| over what is hidden of held-out images.

    Each image gets a mask of its own, drawn by the seed, and is painted with one z. A
    p(x_S | x_rest) that is right does not have the least error: the conditional median has,
    which paints no more than one thing. ``of_another_z`` says how far two paintings of one
    image with one mask are from each other, 0 where z does nothing.

    Args:
        context: Samples and data.
        kind, share: As the condition ``mask`` has them.
        field: What G is told.
        split: Of the images.
        examples: How many, from the first on; by default all.

    Returns:
        One score. ``of_mean`` in its protocol is the error of painting the split's mean image.

    Raises:
        UsageError: If G is told no such field.
        DataError: If the examples are no images.

    Source: own; Pathak et al. 2016 (arXiv:1604.07379) report mean L1 losses.
    """
    x = context.examples(split)[:examples]
    mask = Mask(kind, share, context.spec.shape)
    seen = mask.draw_seen(Draw(context.seed, 0), f"inpainting_error/{split}", len(x)).numpy()
    told = np.concatenate([seen * x, seen], axis=-1).astype("float32")
    twice = context.generated(2 * len(x), {field: np.concatenate([told, told])})
    painted, another = twice[: len(x)], twice[len(x) :]
    each = _hidden_mean(painted - x, seen)
    interval = mean_interval(each)
    protocol = context.protocol(
        better="lower",
        unit="mean difference of preprocessed pixels",
        outcomes=["of_mean", "of_another_z"],
        kind=kind if isinstance(kind, str) else list(kind),
        share=share,
        split=split,
        examples=len(x),
        of_mean=float(_hidden_mean(x.mean(0) - x, seen).mean()),
        of_another_z=float(_hidden_mean(painted - another, seen).mean()),
        error="standard error of the mean",
        **interval.protocol(),
    )
    return [Score("inpainting_error", float(each.mean()), interval.error, protocol)]


def _hidden_mean(off: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean of |off| over what is hidden of each image, float64 ``[n]``."""
    hidden = 1.0 - seen.astype(np.float64)
    count = np.maximum(hidden.sum((1, 2, 3)) * off.shape[-1], 1.0)
    return np.asarray((hidden * np.abs(off)).sum((1, 2, 3)) / count)
