"""Draw the latent variable z from a prior."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from ..builtin.games import GaussianParameters, UniformParameters
from ..errors import UsageError
from ..random import Draw
from ..recipe.validated import validated_by
from .configured import Configured

DRAWN_FOR_CENTER = 2**16
"""Points whose mean stands for that of a prior which does not know it."""


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

    def center(self) -> np.ndarray:
        """Return the mean z̄ of z, float32 ``[*shape]``, which truncation pulls points to.

        By default it is that of many draws; a prior that knows it says so.

        >>> class Dice(Prior):
        ...     def sample(self, draw, stream, examples):
        ...         return tf.floor(6.0 * draw.uniform(stream, self.shape, examples)) + 1.0
        >>> Dice(1).center().round(1).tolist()
        [3.5]
        """
        drawn = self.sample(Draw(0, 0), "center", DRAWN_FOR_CENTER)
        return np.asarray(tf.reduce_mean(tf.cast(drawn, tf.float64), axis=0), np.float32)

    def project(self, z: tf.Tensor) -> tf.Tensor:
        """Return the points nearest to z, ``[n, *shape]``, that can be drawn.

        By default z itself: any point can. A search for latent points stays where this leads to.
        """
        return z

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

    @validated_by(UniformParameters)
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

    def center(self) -> np.ndarray:
        """Return (low + high) / 2."""
        return np.full(self.shape, (self.low + self.high) / 2, np.float32)

    def project(self, z: tf.Tensor) -> tf.Tensor:
        """Return z between ``low`` and ``high``.

        >>> Uniform(3, -1.0, 1.0).project(tf.constant([[-9.0, 0.5, 9.0]])).numpy().tolist()
        [[-1.0, 0.5, 1.0]]
        """
        return tf.clip_by_value(z, self.low, self.high)


class Gaussian(Prior):
    """Draw z ~ N(mean, deviation²) in every dimension.

    >>> Gaussian(2).sample(Draw(1, 0), "latent", 3).shape
    TensorShape([3, 2])
    """

    @validated_by(GaussianParameters)
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

    def center(self) -> np.ndarray:
        """Return the mean."""
        return np.full(self.shape, self.mean, np.float32)


class NoLatent(Prior):
    """Draw nothing: what examples are made of is all that networks are told."""

    def __init__(self) -> None:
        self.shape, self.size = (), 0


NO_LATENT = NoLatent()
