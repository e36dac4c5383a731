"""Draw mixtures of equal, isotropic Gaussians: data whose density is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..examples import Examples
from ..source import Source
from ..spec import SPLITS, DataSpec


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
        examples: int,
        held_out: int,
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
        return DataSpec((dimensions,), "float32", num_classes=count)

    @property
    def splits(self) -> tuple[str, ...]:
        return SPLITS

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
        return Examples(x.astype(np.float32), labels)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return log p_data(x), exactly.

        Args:
            x: [N, d].

        Returns:
            [N] float64, in nats.
        """
        from scipy.special import logsumexp

        x = np.asarray(x, np.float64).reshape(-1, 1, self._centres.shape[1])
        count, dimensions = self._centres.shape
        squares = np.square((x - self._centres) / self.deviation).sum(axis=2)
        constant = dimensions * np.log(self.deviation * np.sqrt(2 * np.pi)) + np.log(count)
        return np.asarray(logsumexp(-squares / 2, axis=1) - constant, np.float64)

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return p_data(x), [N] float64."""
        return np.exp(self.log_density(x))


def draw_uniform(seed: int, stream: int, n: int) -> np.ndarray:
    """Draw n numbers from the open interval (0, 1), [n] float64, from Philox's 53 upper bits."""
    bits = np.random.Philox(key=[seed, stream]).random_raw(n)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
