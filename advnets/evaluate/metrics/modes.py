"""Measure how many of the data's modes a generator finds, and how evenly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...builtin.metrics import ModesParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.captured import captured_interval
from ..estimators.interval import Interval, normal_interval, proportion_interval
from ..estimators.nearest import find_nearest
from ..estimators.smallest_share import smallest_share_interval
from ..features import Wanted
from ..score import Score
from .inception_score import check_classes
from .real_and_generated import FEW, is_constant

KNOWN, BY_CLASS = 2_500, 26_000
"""Samples in PacGAN's settings: where modes are known, and stacked MNIST."""


@validated_by(ModesParameters)
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
        ``modes``, ``high_quality`` (a share; known modes only), ``reverse_kl``, in nats, and
        ``smallest_share``, that of all samples which are of the rarest mode. The
        intervals hold the mean over draws of as many samples from the same generator. That of
        ``modes`` comes from the modes that were seen a few times or not at all, which another
        draw may miss or find (:func:`.captured.captured_interval`); that of ``reverse_kl`` from
        the delta method (:func:`reverse_kl_interval`), and not from its bias; that of
        ``smallest_share`` holds for all modes at once (:func:`.smallest_share_interval`).

    Raises:
        DataError: If the modes are not known and there are no labels to train a classifier on, or
            only one class.

    Source: Lin et al. 2018, PacGAN (arXiv:1712.04086), section 4: 2,500 samples and 3σ; its
    stacked MNIST: 26,000 samples.
    """
    centres = _centres(context)
    how: dict[str, Any]
    if centres is None:
        count = samples or BY_CLASS
        probabilities = seen = context.generated_probabilities(features, count)
        nearest_mode, good = probabilities.argmax(axis=1), np.ones(count, bool)
        total = check_classes(probabilities)
        described = context.describe_features(features)
        how = {"assigned_by": "the most probable class", "features": described}
    else:
        count, total = samples or KNOWN, len(centres)
        radius = sigmas * float(context.source.deviation)
        # Modes are given in the data's own range.
        seen = context.generated(count).reshape(count, -1)
        stored = context.source.preprocess.invert(seen)
        found = context.per_example(find_nearest, np.asarray(stored, np.float64), centres)
        nearest_mode, good = found[:, 0].astype(int), found[:, 1] <= radius
        how = {"assigned_by": "the nearest mode", "sigmas": sigmas, "radius": radius}
    how |= {"samples": count, "modes_in_all": total, "precision": "float64"}
    how |= _note(seen, nearest_mode)

    def score(name: str, value: float, interval: Interval, **more: Any) -> Score:
        protocol = context.protocol(**more, **how, **interval.protocol())
        return Score(name, value, interval.error, protocol)

    scores = [
        score(
            "modes",
            *captured_interval(np.bincount(nearest_mode[good], minlength=total)),
            better="higher",
            unit="modes",
            captured_by=f"at least one sample{'' if centres is None else ' of high quality'}",
            error="Wilson's interval of modes seen fewer than 5 times, with Good's and Toulmin's "
            "variance",
        ),
        score(
            "reverse_kl",
            *reverse_kl_interval(np.bincount(nearest_mode, minlength=total)),
            better="lower",
            unit="nats",
            direction="KL(histogram of all samples || uniform over the modes)",
            kl_of_uniform=(total - 1) / (2 * count),
            bias="too high, by about (modes with samples - 1) / (2 samples)",
            error="delta method",
        ),
        score(
            "smallest_share",
            *smallest_share_interval(np.bincount(nearest_mode, minlength=total)),
            better="higher",
            unit="share of samples",
            bias="too low: the rarest mode is chosen by the same samples",
            error="binomial; exact intervals that hold for all modes at once",
        ),
    ]
    if centres is not None:
        share, interval = float(good.mean()), proportion_interval(int(good.sum()), count)
        binomial = {"unit": "share of samples", "error": "binomial; Wilson's interval"}
        scores.insert(1, score("high_quality", share, interval, better="higher", **binomial))
    return scores


def _note(seen: np.ndarray, nearest_mode: np.ndarray) -> dict[str, str]:
    """Describe what makes counts of samples say little, as an entry of a protocol."""
    count = len(seen)
    if count < FEW:
        return {"note": f"{count} samples are few: the interval holds less than it states"}
    if is_constant(seen):
        return {"note": f"all {count} samples are the same"}
    if np.ptp(nearest_mode) == 0:
        return {"note": f"all {count} samples are of one mode"}
    return {}


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


def reverse_kl_interval(histogram: np.ndarray) -> tuple[float, Interval]:
    r"""Compute :func:`kl_from_uniform`, and its error by the delta method.

    .. math:: \frac1n \Big( V - \frac Bn \Big)^+ + \frac{S-1}{2 n^2}, \qquad
              V = \operatorname{Var}_q \log q, \qquad
              B = \sum_k (1 - q_k) (\log q_k + H) + S - 1 - V

    with H the entropy of q and S the number of modes with samples. B/n is what the counts' own
    noise adds to V, to second order; where q is uniform nothing is left of it, and the last term,
    that of χ² with S − 1 degrees of freedom over 2n, is all there is.

    Source: Miller 1955 and Basharin 1959, of the entropy; Kullback 1959, chapter 6; B: own.

    >>> value, interval = reverse_kl_interval(np.array([50, 50]))
    >>> value, round(interval.error, 6)  # √(1/2) / 100
    (0.0, 0.007071)
    """
    value, n = kl_from_uniform(histogram), int(histogram.sum())
    q = histogram[histogram > 0] / n
    centred = np.log(q) - q @ np.log(q)
    spread = float(q @ np.square(centred))
    bias = float((1 - q) @ centred) + len(q) - 1 - spread
    error = float(np.sqrt((max(spread - bias / n, 0.0) + (len(q) - 1) / (2 * n)) / n))
    return value, normal_interval(value, error, least=0.0)
