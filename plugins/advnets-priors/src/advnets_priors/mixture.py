"""Draw latent points from a mixture of Gaussians."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from advnets import validated_by
from advnets.game import Prior
from advnets.random import Draw

from .hooks import MixtureParameters


class Mixture(Prior):
    """Draw z = μ_k + σ ε, with k uniform in 1, …, K, and ε ~ N(0, 1) in every dimension.

    The means stay where they are. In n ≥ 2 dimensions ‖μ_k‖ = s √n: evenly spaced on a circle in
    two of them, and in more of directions that are drawn once, by the seed. E z² of a dimension so
    is s² + σ², and neighbouring Gaussians are apart where s is several times σ/√n. In one
    dimension they are evenly spaced on [−s, s], and E z² = s² (K + 1) / (3 (K − 1)) + σ²; a single
    one is at −s. z with gaps lets a continuous G make examples of separate modes. Truncation
    moves z towards the mean of the means, which lies in a gap: G was never shown it.

    Args:
        size: n, the number of latent dimensions.
        components: K.
        spread: s; at 0 all means are 0.
        deviation: σ.
        seed: Of the means' directions.
        shape: Of a latent point, in place of the size.

    Raises:
        UsageError: If neither a size nor a shape is given, or both.

    Source: after Gurumurthy et al. 2017, DeLiGAN (arXiv:1706.02071); there the means and deviations
    are learned.

    >>> z = Mixture(2, components=4, spread=1.0, deviation=0.01).sample(Draw(1, 0), "latent", 100)
    >>> sorted({(int(x), int(y)) for x, y in z.numpy().round()})
    [(-1, 0), (0, -1), (0, 1), (1, 0)]
    """

    @validated_by(MixtureParameters)
    def __init__(
        self,
        size: int | None = None,
        components: int = 10,
        spread: float = 1.0,
        deviation: float = 0.5,
        seed: int = 0,
        shape: Sequence[int] | None = None,
    ):
        super().__init__(size, shape)
        self.components, self.spread, self.deviation = components, spread, deviation
        self.seed = seed
        self.means = spread * _directions(self.size, components, seed)

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw z: float32 ``[examples, *shape]``."""
        u = draw.uniform(f"{stream}/component", (), examples)
        # u is below 1, and u K may still be rounded to K.
        k = tf.minimum(tf.cast(u * self.components, tf.int32), self.components - 1)
        means = tf.reshape(tf.gather(tf.constant(self.means), k), [-1, *self.shape])
        return means + self.deviation * draw.normal(stream, self.shape, examples)

    def center(self) -> np.ndarray:
        """Return the mean of the components' means."""
        return np.asarray(self.means.mean(axis=0).reshape(self.shape), np.float32)


def _directions(size: int, count: int, seed: int) -> np.ndarray:
    """Return so many vectors of length √size, float32 ``[count, size]``."""
    if size == 1:
        return np.linspace(-1.0, 1.0, count, dtype="float32")[:, None]
    if size == 2:
        angles = 2.0 * math.pi * np.arange(count) / count
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        points = Draw(seed, 0).normal("mixture", (size,), count).numpy().astype("float64")
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return (math.sqrt(size) * points / lengths).astype("float32")
