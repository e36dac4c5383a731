"""Compute p_g on the line, the prior pushed through G, without drawing a sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import DataError, UsageError

REACH = 6.0
"""Latent points reach to this many deviations of a normal variable: all but 2·10⁻⁹ of it."""
BLOCK = 2**14
"""Latent points that G is given at a time, at most."""


class PushForward:
    """Compute the distribution of x = G(z), z ~ p_z, where z and x are numbers.

    z runs over a fine grid of quantiles of p_z, z₀ < z₁ < …, so that the mass of each cell
    [zᵢ, zᵢ₊₁] is known exactly. Within a cell G is taken as linear, and the cell's mass as
    spread evenly from G(zᵢ) to G(zᵢ₊₁). That is the change of variables
    p_g(x) = Σ p_z(z) / |G′(z)| over all z with G(z) = x, with every monotone branch of G
    counted, and it holds where G is flat as well: an atom's mass falls into one bin.

    Args:
        quantile: The prior's: u in (0, 1), ``[n]`` → z, ``[n]``, non-decreasing.
        generator: Latent points ``[n, 1]`` → x, ``[n]`` or ``[n, 1]``.
        cells: How many cells.

    Attributes:
        latents: z at the cells' ends, float64 ``[cells + 1]``.
        images: G of them, float64 ``[cells + 1]``.
        mass: Of each cell, ``[cells]``, summing to 1.

    Raises:
        DataError: If G is not finite somewhere.

    >>> shifted = PushForward(lambda u: u, lambda z: z + 3)  # of U(0, 1)
    >>> shifted.bin_masses(np.array([2.0, 3.5, 3.75, 5.0])).round(6).tolist()
    [0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        quantile: Callable[[np.ndarray], np.ndarray],
        generator: Callable[[np.ndarray], np.ndarray],
        cells: int = 2**14,
    ):
        from scipy.special import ndtr

        cumulative = ndtr(np.linspace(-REACH, REACH, cells + 1))
        self.latents = np.asarray(quantile(cumulative), np.float64)
        if self.latents.shape != cumulative.shape or not (np.diff(self.latents) >= 0).all():
            raise UsageError(
                "the prior's quantile() is no quantile function: one value for each u, "
                "non-decreasing, was expected"
            )
        cumulative[[0, -1]] = 0.0, 1.0  # what lies beyond goes to the cells at the ends
        self.mass = np.diff(cumulative)
        points = self.latents[:, None].astype(np.float32)
        parts = [generator(points[i : i + BLOCK]) for i in range(0, len(points), BLOCK)]
        self.images = np.concatenate([np.asarray(p, np.float64).reshape(-1) for p in parts])
        if not np.isfinite(self.images).all():
            raise DataError(
                "the generator's samples are not finite",
                hint="the run has diverged; `advnets doctor RUN` says more",
            )

    def bin_masses(self, edges: np.ndarray, stride: int = 1) -> np.ndarray:
        """Compute the mass that falls between neighbouring edges.

        Args:
            edges: ``[bins + 1]``, increasing. Mass outside of them is not counted.
            stride: Join this many cells into one, to see how much their number matters.

        Returns:
            float64 ``[bins]``.
        """
        ends = self.images[::stride]
        mass = np.add.reduceat(self.mass, np.arange(0, len(self.mass), stride))
        low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
        # Bin b lies between edges b and b + 1; −1 and `bins` lie outside.
        first = np.searchsorted(edges, low, side="right") - 1
        last = np.searchsorted(edges, high, side="right") - 1
        bins = len(edges) - 1
        result = np.zeros(bins + 2)  # the outer two are what falls outside
        inside = first == last
        np.add.at(result, first[inside] + 1, mass[inside])

        # A cell over several bins: a part of the first, a part of the last, all in between.
        low, high, mass = low[~inside], high[~inside], mass[~inside]
        first, last = first[~inside], last[~inside]
        slope = mass / (high - low)
        padded = np.concatenate([[-np.inf], edges, [np.inf]])
        np.add.at(result, first + 1, slope * (padded[first + 2] - low))
        np.add.at(result, last + 1, slope * (high - padded[last + 1]))
        steps = np.zeros(bins + 3)
        np.add.at(steps, first + 2, slope)
        np.add.at(steps, last + 1, -slope)
        between = np.cumsum(steps)[1:-2] * np.diff(edges)
        return np.asarray(np.maximum(result[1:-1] + between, 0.0), np.float64)

    def quantiles(self, shares: tuple[float, ...]) -> np.ndarray:
        """Compute the values of x below which these shares of p_g lie, roughly: to one cell."""
        middles = (self.images[:-1] + self.images[1:]) / 2
        order = np.argsort(middles)
        indices = np.searchsorted(np.cumsum(self.mass[order]), shares)
        return np.asarray(middles[order][np.minimum(indices, len(order) - 1)], np.float64)
