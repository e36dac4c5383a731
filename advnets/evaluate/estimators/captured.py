"""Estimate how many of some modes another draw of samples would capture."""

from __future__ import annotations

import numpy as np

from .interval import Interval, Z, proportion_interval

CERTAIN = 5
"""A mode with so many samples is captured by another draw too, but for a chance of e^-5 or so."""


def captured_interval(counts: np.ndarray) -> tuple[int, Interval]:
    r"""Count the modes with a sample, and return the interval of how many a draw captures.

    A mode that λ samples are expected in is missed with probability :math:`e^{-λ}`, so that the
    number captured has the mean :math:`\sum 1 - e^{-λ}`, to which the number at hand is an
    unbiased estimate, and the variance :math:`\sum e^{-λ} (1 - e^{-λ})`. Modes with
    :data:`CERTAIN` samples or more are beyond doubt. Of the K′ others, those without a sample
    among them, S′ were captured. Trials of unequal chances vary by less than a binomial's
    B = S′(K′ − S′)/K′ (Hoeffding); by how much less, f₁ and f₂ say, the numbers of modes that
    were seen once and twice: Good's and Toulmin's estimate of how many new ones as many samples
    more would show, f₁ − f₂ + f₃ − …, is that of the variance too, and V = f₁ − f₂/2 its first
    terms, damped, as the full series has more noise than value. So the interval is Wilson's for
    S′ of K′, the variance multiplied by min(1, (V + 1)/(B + 1)).

    Args:
        counts: How many samples each of all K modes has, int ``[K]``.

    Returns:
        The number of modes captured, and the interval of the mean over draws of as many
        samples from the same generator. Its error is the interval's width over 2 · 1.96, since
        the binomial error would be 0 where none of the others was seen.

    Source: Good 1953; Good and Toulmin 1956; damping: Efron and Thisted 1976; Hoeffding 1956,
    "On the distribution of the number of successes in independent trials".

    >>> captured_interval(np.array([30, 40, 30]))  # nothing is in doubt
    (3, Interval(low=3.0, high=3.0, error=0.0))
    >>> number, (low, high, _) = captured_interval(np.array([100, 0, 0, 0]))
    >>> number, low, round(high, 2)  # three that were not seen may be rare
    (1, 1.0, 2.68)
    """
    counts = np.asarray(counts)
    certain = int((counts >= CERTAIN).sum())
    others, captured = len(counts) - certain, int((counts > 0).sum())
    if others == 0:
        return captured, Interval(float(captured), float(captured), 0.0)
    once, twice = (int((counts == times).sum()) for times in (1, 2))
    hits = captured - certain
    binomial = hits * (others - hits) / others
    effect = min(1.0, (max(once - twice / 2, 0.0) + 1) / (binomial + 1))
    low, high, _ = proportion_interval(hits, others, effect)
    interval = Interval(certain + others * low, certain + others * high, 0.0)
    return captured, interval._replace(error=(interval.high - interval.low) / (2 * Z))
