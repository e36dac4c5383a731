"""Draw latent points from a Gaussian without its tails."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from advnets import validated_by
from advnets.game import Prior
from advnets.random import Draw

from .hooks import TruncatedParameters


class Truncated(Prior):
    """Draw z ~ N(0, σ²) given |z| ≤ t σ, in every dimension.

    By the inverse of its distribution function, z = σ √2 erf⁻¹((2u − 1) erf(t/√2)), u ~ U(0, 1):
    one number is drawn for each of z, where drawing again until |z| ≤ t σ would need any number.
    A dimension's variance is σ² (1 − 2 t φ(t) / erf(t/√2)), with φ the density of N(0, 1); at
    t = 2 that is 0.77 σ².

    Args:
        size: The number of latent dimensions.
        threshold: t; with a smaller one examples are more alike, and less varied.
        deviation: σ.
        shape: Of a latent point, in place of the size.

    Raises:
        UsageError: If neither a size nor a shape is given, or both.

    Source: Brock et al. 2019, BigGAN (arXiv:1809.11096), where a G that was trained with N(0, 1)
    is sampled from it; here it is trained with it, too.

    >>> z = Truncated(2, threshold=0.5).sample(Draw(1, 0), "latent", 1000)
    >>> float(tf.reduce_max(abs(z))) <= 0.5
    True
    """

    @validated_by(TruncatedParameters)
    def __init__(
        self,
        size: int | None = None,
        threshold: float = 2.0,
        deviation: float = 1.0,
        shape: Sequence[int] | None = None,
    ):
        super().__init__(size, shape)
        self.threshold, self.deviation = threshold, deviation

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw z: float32 ``[examples, *shape]``."""
        # u is a multiple of 2⁻²³ below 1, and the middle of its step is never 0 or 1.
        centred = 2.0 * draw.uniform(stream, self.shape, examples) - (1.0 - 2.0**-23)
        share = math.erf(self.threshold / math.sqrt(2.0))
        z = math.sqrt(2.0) * tf.math.erfinv(share * centred)
        return self.deviation * tf.clip_by_value(z, -self.threshold, self.threshold)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return σ √2 erf⁻¹((2u − 1) erf(t/√2))."""
        from scipy.special import erfinv

        share = math.erf(self.threshold / math.sqrt(2.0))
        return np.asarray(self.deviation * math.sqrt(2.0) * erfinv(share * (2.0 * u - 1.0)))

    def center(self) -> np.ndarray:
        """Return 0."""
        return np.zeros(self.shape, np.float32)

    def project(self, z: tf.Tensor) -> tf.Tensor:
        """Return z between −t σ and t σ."""
        end = self.threshold * self.deviation
        return tf.clip_by_value(z, -end, end)
