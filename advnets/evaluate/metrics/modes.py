"""Measure how many of the data's modes a generator finds, and how evenly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import DataError
from ..context import MetricContext
from ..estimators.bootstrap import RESAMPLES
from ..estimators.interval import Interval, normal_interval, proportion_interval
from ..estimators.nearest import find_nearest
from ..features import Wanted
from ..score import Score

KNOWN, BY_CLASS = 2_500, 26_000
"""Samples in PacGAN's settings: where modes are known, and stacked MNIST."""


def modes(
    context: MetricContext,
    *,
    samples: int | None = None,
    sigmas: float = 3.0,
    features: Wanted = "classifier",
) -> list[Score]:
    r"""Count the modes that G's samples reach and the good samples, and measure their evenness.

    Where the data know their modes (``source.modes()``, as ``ring`` and ``grid`` do), a sample
    is *of high quality* within ``sigmas`` standard deviations (Euclidean) of its nearest mode,
    and a mode is *captured* if at least one sample of high quality is nearest to it. Else the
    classes that ``features`` know are the modes, of ``stacked_mnist`` all 1,000 combinations
    of digits, and a mode is captured if a sample is classified as it.

    With q the histogram of *all* samples over the modes (nearest mode, or class) and u the
    uniform distribution over all K modes,

    .. math:: KL(q \| u) = \sum_k q_k \log(K q_k)

    is 0 for samples that are evenly spread and log K for samples of one mode. (In the
    other direction, KL(u‖q), it would be infinite as soon as a mode is missing.) K modes and n
    samples give about (K − 1)/2n even for perfect ones, which ``kl_of_uniform`` in the protocol
    says.

    Args:
        context: Samples and data.
        samples: How many are drawn; by default 2,500 where modes are known, else 26,000.
        sigmas: Standard deviations within which a sample is good, where modes are known.
        features: Whose classes are the modes, where they are not known.

    Returns:
        ``modes``, ``high_quality`` (a share; known modes only) and ``reverse_kl``, in nats. The
        errors are those of another draw of samples from the same generator; that of ``modes``
        comes from the modes that were seen once or twice, which another draw may miss.

    Raises:
        DataError: If the modes are not known and there are no labels to train a classifier on.

    Source: Lin et al. 2018, PacGAN (arXiv:1712.04086), section 4: 2,500 samples and 3σ; its
    stacked MNIST: 26,000 samples.
    """
    centres = _centres(context)
    how: dict[str, Any]
    if centres is None:
        count = samples or BY_CLASS
        probabilities = context.generated_probabilities(features, count)
        nearest_mode, good = probabilities.argmax(axis=1), np.ones(count, bool)
        total = probabilities.shape[1]
        described = context.describe_features(features)
        how = {"assigned_by": "the most probable class", "features": described}
    else:
        count, total = samples or KNOWN, len(centres)
        radius = sigmas * float(context.source.deviation)
        # Modes are given in the data's own range.
        stored = context.source.preprocess.invert(context.generated(count).reshape(count, -1))
        found = context.per_example(find_nearest, np.asarray(stored, np.float64), centres)
        nearest_mode, good = found[:, 0].astype(int), found[:, 1] <= radius
        how = {"assigned_by": "the nearest mode", "sigmas": sigmas, "radius": radius}
    how |= {"samples": count, "modes_in_all": total, "precision": "float64"}

    def score(name: str, value: float, interval: Interval, **more: Any) -> Score:
        protocol = context.protocol(**more, **how, **interval.protocol())
        return Score(name, value, interval.error, protocol)

    scores = [
        score(
            "modes",
            *_count_captured(np.bincount(nearest_mode[good], minlength=total)),
            better="higher",
            unit="modes",
            captured_by=f"at least one sample{'' if centres is None else ' of high quality'}",
            error="Poisson bootstrap, in closed form",
        ),
        score(
            "reverse_kl",
            *_reverse_kl(np.bincount(nearest_mode, minlength=total), context.seed),
            better="lower",
            unit="nats",
            direction="KL(histogram of all samples || uniform over the modes)",
            kl_of_uniform=(total - 1) / (2 * count),
            error="bootstrap",
            resamples=RESAMPLES,
        ),
    ]
    if centres is not None:
        share, interval = float(good.mean()), proportion_interval(int(good.sum()), count)
        binomial = {"unit": "share of samples", "error": "binomial; Wilson's interval"}
        scores.insert(1, score("high_quality", share, interval, better="higher", **binomial))
    return scores


def kl_from_uniform(histogram: np.ndarray) -> float:
    """Compute KL(q ‖ uniform) in nats; q is the histogram over its sum.

    >>> kl_from_uniform(np.array([5, 5])), round(kl_from_uniform(np.array([7, 0])), 6)
    (0.0, 0.693147)
    """
    counts = np.asarray(histogram, np.float64)
    q = counts[counts > 0] / counts.sum()
    return float(np.sum(q * np.log(q * len(counts))))


def _centres(context: MetricContext) -> np.ndarray | None:
    """Return the modes that the data know, ``[K, d]``."""
    if context.source is None or not hasattr(context.source, "modes"):
        return None
    if not hasattr(context.source, "deviation"):
        raise DataError(
            f"{context.source.name} knows its modes, but not how wide they are",
            hint="give the source an attribute `deviation`, the σ of each mode",
        )
    return np.asarray(context.source.modes(), np.float64)


def _count_captured(samples: np.ndarray) -> tuple[float, Interval]:
    captured = samples[samples > 0]
    # Resampled, a mode seen c times is missed with probability e^-c, so that the variance of
    # the number captured is the sum of e^-c (1 - e^-c).
    missed = np.exp(-captured.astype(np.float64))
    error = math.sqrt(float(np.sum(missed * (1 - missed))))
    value = float(len(captured))
    return value, normal_interval(value, error, least=0.0, greatest=len(samples))


def _reverse_kl(histogram: np.ndarray, seed: int) -> tuple[float, Interval]:
    value, n = kl_from_uniform(histogram), int(histogram.sum())
    draw = np.random.Generator(np.random.Philox(seed))
    again = draw.multinomial(n, histogram / n, RESAMPLES)
    # Each resample lies (K - 1)/2n too high again, so that their quantiles are no interval.
    error = float(np.std([kl_from_uniform(one) for one in again], ddof=1))
    return value, normal_interval(value, error, least=0.0)
