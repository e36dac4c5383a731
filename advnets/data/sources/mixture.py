"""Draw equal, isotropic Gaussians, on the line, a circle or a grid: data of known density."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...builtin.datasets import Gaussian1dParameters, GridParameters, RingParameters
from ...recipe.validated import validated_by
from ..examples import Examples
from ..source import Source
from ..spec import SPLITS, DataSpec, Field


class GaussianMixture(Source):
    """Draw x from p(x) = 1/K Σ_k N(x; c_k, σ² I), afresh for each split.

    Examples are a pure function of the parameters: bits from a counter-based generator
    (Philox), and the inverse of the normal distribution function, so that they don't
    depend on NumPy's ways of drawing.

    Args:
        centres: [K, d] float64, the modes.
        deviation: σ > 0.
        examples: In the training split.
        held_out: In the validation split, and again in the test split.
        seed: Of the draw of the data; independent of the run's seed.
        preprocess: See :class:`advnets.DatasetParameters`.

    Labels are the modes' indices, in the order of :meth:`modes`.
    """

    name = "mixture"

    def __init__(
        self,
        centres: np.ndarray,
        deviation: float,
        examples: int = 100_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self._centres = np.asarray(centres, np.float64)
        self.deviation = float(deviation)
        self._sizes = {"train": examples, "validation": held_out, "test": held_out}
        self._seed = seed

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        count, dimensions = self._centres.shape
        label = Field((), "int64", classes=count)
        return DataSpec((dimensions,), "float32", fields={"label": label})

    @property
    def splits(self) -> tuple[str, ...]:
        return SPLITS

    def count(self, split: str) -> int:
        self.check_split(split)
        return self._sizes[split]

    def modes(self) -> np.ndarray:
        """Return the modes' centres, [K, d] float64."""
        return self._centres.copy()

    def read(self, split: str) -> Examples:
        count, dimensions = self._centres.shape
        n = self._sizes[split]
        drawn = draw_uniform(self._seed, SPLITS.index(split), n * (dimensions + 1))  # type: ignore[arg-type]
        drawn = drawn.reshape(n, dimensions + 1)
        from scipy.special import ndtri

        labels = np.minimum((drawn[:, 0] * count).astype(np.int64), count - 1)
        x = self._centres[labels] + self.deviation * ndtri(drawn[:, 1:])
        return Examples(x.astype(np.float32), {"label": labels})

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return log p_data(x), exactly.

        Args:
            x: [N, d].

        Returns:
            [N] float64, in nats.
        """
        from scipy.special import logsumexp

        count, dimensions = self._centres.shape
        x = np.asarray(x, np.float64).reshape(-1, 1, dimensions)
        squares = np.square((x - self._centres) / self.deviation).sum(axis=2)
        constant = dimensions * np.log(self.deviation * np.sqrt(2 * np.pi)) + np.log(count)
        return np.asarray(logsumexp(-squares / 2, axis=1) - constant, np.float64)

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return p_data(x), [N] float64."""
        return np.exp(self.log_density(x))


class Gaussian1d(GaussianMixture):
    """Draw x from p(x) = N(x; mean, deviation²), x of shape (1,).

    Args:
        mean: μ.
        deviation: σ > 0.
        examples, held_out, seed, preprocess: As of :class:`GaussianMixture`.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), figure 1.

    >>> source = Gaussian1d(mean=4.0, deviation=0.5)
    >>> source.load("train").shape
    (50000, 1)
    >>> float(source.density(np.array([[4.0]]))[0])  # 1 / (σ √(2π))
    0.797884560802865...
    """

    name = "gaussian_1d"

    @validated_by(Gaussian1dParameters)
    def __init__(
        self,
        mean: float = 4.0,
        deviation: float = 0.5,
        examples: int = 50_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(np.array([[mean]]), deviation, examples, held_out, seed, preprocess)
        self.mean = float(mean)


class Ring(GaussianMixture):
    """Draw Gaussians centred on a circle, mode k at angle 2πk / modes.

    Args:
        modes: How many.
        radius: Of the circle.
        deviation: σ of each mode, in both directions.
        examples, held_out, seed, preprocess: As of :class:`GaussianMixture`.

    Source: the 2-D ring of VEEGAN and PacGAN (arXiv:1712.04086): 8 modes, radius 1, σ 0.01.

    >>> Ring().modes().shape
    (8, 2)
    """

    name = "ring"

    @validated_by(RingParameters)
    def __init__(
        self,
        modes: int = 8,
        radius: float = 1.0,
        deviation: float = 0.01,
        examples: int = 100_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        # arange, not linspace(0, 2π, modes): that would lay the last mode upon the first.
        angles = 2 * np.pi * np.arange(modes) / modes
        centres = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        super().__init__(centres, deviation, examples, held_out, seed, preprocess)


class Grid(GaussianMixture):
    """Draw Gaussians centred on a square grid about the origin.

    Args:
        side: Modes along each side; side² in all.
        spacing: Between neighbouring modes.
        deviation: σ of each mode, in both directions.
        examples, held_out, seed, preprocess: As of :class:`GaussianMixture`.

    Source: the 2-D grid of VEEGAN and PacGAN (arXiv:1712.04086): 25 modes at
    {-4, -2, 0, 2, 4}², σ 0.05.

    >>> Grid().modes()[0].tolist(), len(Grid().modes())
    ([-4.0, -4.0], 25)
    """

    name = "grid"

    @validated_by(GridParameters)
    def __init__(
        self,
        side: int = 5,
        spacing: float = 2.0,
        deviation: float = 0.05,
        examples: int = 100_000,
        held_out: int = 10_000,
        seed: int = 0,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        line = spacing * (np.arange(side) - (side - 1) / 2)
        centres = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
        super().__init__(centres, deviation, examples, held_out, seed, preprocess)


def draw_uniform(seed: int, stream: int, n: int) -> np.ndarray:
    """Draw n numbers from the open interval (0, 1), [n] float64, from Philox's 53 upper bits."""
    bits = np.random.Philox(key=[seed, stream]).random_raw(n)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
