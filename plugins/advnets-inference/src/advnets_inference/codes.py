"""Infer codes, and what G makes of them, for metrics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from advnets.evaluate import MetricContext

AT_ONCE = 1000
"""Examples that a network is called with."""


def infer(context: MetricContext, encoder: str, examples: np.ndarray) -> np.ndarray:
    """Return E(x), ``[n, *latent]``.

    Raises:
        UsageError: If there is no such network, or if it takes more than examples.
    """
    call = context.network(encoder)
    return np.concatenate([np.asarray(call(example=part)) for part in _parts(examples)])


def reconstruct(context: MetricContext, encoder: str, examples: np.ndarray) -> np.ndarray:
    """Return G(E(x)), of x's shape."""
    call, codes = context.network("generator"), infer(context, encoder, examples)
    return np.concatenate([np.asarray(call(latent=part)) for part in _parts(codes)])


def _parts(values: np.ndarray) -> Iterator[np.ndarray]:
    return (values[first : first + AT_ONCE] for first in range(0, len(values), AT_ONCE))
