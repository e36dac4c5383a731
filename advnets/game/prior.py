"""Draw the latent variable z from a prior."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from ..errors import UsageError
from ..random import Draw
from .configured import Configured


class Prior(Configured):
    """Define a distribution p_z of z; the base class of priors.

    Args:
        size: The number of latent dimensions.
        shape: Of one latent point, ``(size,)`` by default; ``(steps, numbers)`` for a
            sequence, say.

    Attributes:
        shape: Of one latent point.
        size: Numbers in it.

    >>> Prior(shape=(5, 8)).size, Prior(3).shape
    (40, (3,))
    """

    def __init__(self, size: int | None = None, shape: Sequence[int] | None = None):
        if (size is None) == (shape is None):
            raise UsageError(
                "a prior is of a size or of a shape, one of the two",
                hint="size=100, or shape=[5, 8]",
            )
        self.shape: tuple[int, ...] = (size,) if size is not None else tuple(shape or ())
        self.size = math.prod(self.shape)

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw z: float32 ``[examples, *shape]``, a pure function of the draw and the stream."""
        raise NotImplementedError(f"{type(self).__name__} defines no sample")

    def quantile(self, u: np.ndarray) -> np.ndarray | None:
        """Return the value below which a share u of one dimension's draws lies, if known.

        What is computed exactly of games on the line, such as the metric ``theory``, needs it.

        Args:
            u: In (0, 1), float64 ``[n]``.

        Returns:
            float64 ``[n]``, non-decreasing in u; ``None`` where it is not known, or where the
            dimensions are not alike.
        """
        return None


class Uniform(Prior):
    """Draw z ~ U(low, high) in every dimension; by default U(−√3, √3), of unit variance.

    Source: the authors' code for MNIST uses U(−√3, √3) in 100 dimensions.

    >>> Uniform(2).sample(Draw(1, 0), "latent", 3).shape
    TensorShape([3, 2])
    """

    def __init__(
        self,
        size: int | None = None,
        low: float = -(3.0**0.5),
        high: float = 3.0**0.5,
        shape: Sequence[int] | None = None,
    ):
        super().__init__(size, shape)
        self.low, self.high = low, high

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw z: float32 ``[examples, *shape]``."""
        return self.low + (self.high - self.low) * draw.uniform(stream, self.shape, examples)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return low + (high − low) u."""
        return np.asarray(self.low + (self.high - self.low) * u, np.float64)


class Gaussian(Prior):
    """Draw z ~ N(mean, deviation²) in every dimension.

    >>> Gaussian(2).sample(Draw(1, 0), "latent", 3).shape
    TensorShape([3, 2])
    """

    def __init__(
        self,
        size: int | None = None,
        mean: float = 0.0,
        deviation: float = 1.0,
        shape: Sequence[int] | None = None,
    ):
        super().__init__(size, shape)
        self.mean, self.deviation = mean, deviation

    def sample(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw z: float32 ``[examples, *shape]``."""
        return self.mean + self.deviation * draw.normal(stream, self.shape, examples)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return mean + deviation · Φ⁻¹(u)."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.deviation * ndtri(u), np.float64)


class NoLatent(Prior):
    """Draw nothing: what examples are made of is all that networks are told."""

    def __init__(self) -> None:
        self.shape, self.size = (), 0
