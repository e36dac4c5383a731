"""Compute what the paper's section 4 says of a game on the line whose densities are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import DataError
from .push_forward import PushForward

NODES = np.array([-math.sqrt(0.6), 0.0, math.sqrt(0.6)])
WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18
"""Gauss's quadrature with three nodes on [−1, 1], for the mean over a bin."""
MISSING = 1e-6
"""Of p_data's mass, what the quadrature may miss or find too much."""
NEGLIGIBLE = 1e-12
"""What a density may be, times the width of its support, where it has ended."""
SMALLEST = 1e-300
"""Half of a mass that is not larger may be no float64 any more."""
MOST_BINS = 2**18
OUTER = 512
"""Bins on each side, for samples beyond all data."""
ASKED = 16
"""Examples that D is asked of together and alone, about."""
SHARE = 0.99
"""D is held against D* where this share of (p_data + p_g) / 2 lies, and the densest part of it."""

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class BinnedGame:
    """Hold p_data, p_g and D on bins of the line, and compute what follows from them.

    With P and Q the masses of p_data and p_g in a bin, and D its value in the middle of it,
    integrals become sums: ∫ p_data log D dx = Σ P log D, and so on.

    Attributes:
        edges: Of the bins, ``[bins + 1]``.
        data: P, ``[bins]``.
        generated: Q, ``[bins]``.
        logits: C in the bins' middles, D = 1 / (1 + exp(−C)), ``[bins]``; ``None`` for a
            critic that gives no probability.

    >>> half = BinnedGame(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    >>> half.optimal.round(4).tolist(), round(half.jsd, 4)
    ([1.0, 0.3333], 0.2158)
    >>> apart = BinnedGame(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    >>> round(apart.jsd, 4), apart.criterion  # log 2, and 0: the greatest that there is
    (0.6931, 0.0)
    """

    edges: np.ndarray
    data: np.ndarray
    generated: np.ndarray
    logits: np.ndarray | None = None

    @property
    def middles(self) -> np.ndarray:
        """The bins' centres, ``[bins]``."""
        return np.asarray((self.edges[:-1] + self.edges[1:]) / 2, np.float64)

    @cached_property
    def discriminator(self) -> np.ndarray | None:
        """D, ``[bins]``."""
        if self.logits is None:
            return None
        from scipy.special import expit

        return np.asarray(expit(self.logits), np.float64)

    @cached_property
    def optimal(self) -> np.ndarray:
        """D* = p_data / (p_data + p_g), ``[bins]``; ½ where neither is.

        Source: Goodfellow et al. 2014, proposition 1.
        """
        total = self.data + self.generated
        return np.divide(self.data, total, out=np.full(len(total), 0.5), where=total > 0)

    @cached_property
    def jsd(self) -> float:
        """JSD(p_data ‖ p_g) in nats: 0 if they are equal, log 2 if they are disjoint."""
        from scipy.special import rel_entr

        data, generated = (np.where(m > SMALLEST, m, 0.0) for m in (self.data, self.generated))
        middle = (data + generated) / 2
        return float(rel_entr(data, middle).sum() + rel_entr(generated, middle).sum()) / 2

    @property
    def criterion(self) -> float:
        """C(G) = max_D V(D, G) = −log 4 + 2 JSD(p_data ‖ p_g).

        Source: Goodfellow et al. 2014, theorem 1.
        """
        return -math.log(4) + 2 * self.jsd

    @cached_property
    def value(self) -> float | None:
        """V(D, G) = E_data log D(x) + E_g log(1 − D(x)), in nats: an integral, not a mean.

        Source: Goodfellow et al. 2014, equation 1.
        """
        if self.logits is None:
            return None
        log_d, log_not_d = -np.logaddexp(0, -self.logits), -np.logaddexp(0, self.logits)
        return float(self.data @ log_d + self.generated @ log_not_d)

    @property
    def gap(self) -> float | None:
        """C(G) − V(D, G) ≥ 0: what D could still gain with G as it is."""
        return None if self.value is None else self.criterion - self.value

    @cached_property
    def discriminator_error(self) -> float | None:
        """max |D − D*| over the densest part of (p_data + p_g) / 2, of 99 % of its mass."""
        if self.discriminator is None:
            return None
        mass = (self.data + self.generated) / 2
        densest = np.argsort(-mass / np.diff(self.edges), kind="stable")
        within = densest[: np.searchsorted(np.cumsum(mass[densest]), SHARE) + 1]
        return float(np.abs(self.discriminator - self.optimal)[within].max())

    def numbers(self) -> dict[str, float]:
        """Return what theory says of the game, by name, without what takes a D of logits."""
        found = {
            "value": self.value,
            "criterion": self.criterion,
            "jsd": self.jsd,
            "gap": self.gap,
            "discriminator_error": self.discriminator_error,
        }
        return {name: value for name, value in found.items() if value is not None}


class LineGame:
    """Describe a game at one moment: p_data and p_z known, x and z numbers, G and D functions.

    Args:
        density: p_data: x ``[n]`` → ``[n]``, as a density.
        support: Two numbers between which most of p_data lies; more is looked at.
        quantile: p_z's: u in (0, 1) ``[n]`` → z ``[n]``.
        generator: z ``[n, 1]`` → x, ``[n]`` or ``[n, 1]``.
        discriminator: x ``[n]`` → D's logits ``[n]``, or ``None`` if it has none; called
            in inference mode, without dropout.
        cells: Cells of z, see :class:`advnets.evaluate.estimators.push_forward.PushForward`.

    Raises:
        DataError: If G is not finite, or p_data does not integrate to 1.

    >>> normal = lambda x: np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    >>> from scipy.special import ndtri
    >>> game = LineGame(normal, (-4, 4), ndtri, lambda z: z, lambda x: 0 * x)
    >>> {name: round(value, 6) + 0.0 for name, value in game.discretise().numbers().items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'value': -1.386294, 'criterion': -1.386294, 'jsd': 0.0, 'gap': 0.0,
     'discriminator_error': 0.0}
    """

    def __init__(
        self,
        density: Function,
        support: tuple[float, float],
        quantile: Function,
        generator: Function,
        discriminator: Callable[[np.ndarray], np.ndarray | None],
        cells: int = 2**14,
    ):
        self._density, self._discriminator = density, discriminator
        self._support = support
        self.generated = PushForward(quantile, generator, cells)

    def on_bins(self, edges: np.ndarray, stride: int = 1) -> BinnedGame:
        """Discretise the game on the bins between these edges, ``[bins + 1]``."""
        edges = np.asarray(edges, np.float64)
        half, middles = np.diff(edges) / 2, (edges[:-1] + edges[1:]) / 2
        nodes = middles[:, None] + half[:, None] * NODES
        data = 2 * half * (self._at(nodes.ravel()).reshape(nodes.shape) @ WEIGHTS)
        logits = self._discriminator(middles)
        if logits is not None:
            logits = np.asarray(logits, np.float64).reshape(-1)
            if not np.isfinite(logits).all():
                raise DataError("D's logits are not finite", hint="`advnets doctor RUN` says more")
        return BinnedGame(edges, data, self.generated.bin_masses(edges, stride), logits)

    def discretise(self, bins: int = 2**13, stride: int = 1) -> BinnedGame:
        """Discretise the game on bins that hold all of p_data and all of p_g.

        Args:
            bins: Of equal width over p_data's part of the line, at least; as many more as its
                integral needs. Samples beyond it have 512 bins on each side.
            stride: See :meth:`PushForward.bin_masses`.

        Raises:
            DataError: If p_data does not integrate to 1 within 10⁻⁶.
        """
        low, high = self._support
        width = max(high - low, 1e-6 * (abs(low) + abs(high)), 1e-12)
        mass = math.nan
        while bins <= MOST_BINS:
            inner = np.linspace(low - width, high + width, bins + 1)
            found = self.on_bins(self._add_outer(inner), stride)
            mass = float(found.data.sum())
            if abs(mass - 1) <= MISSING:
                return found
            tail = max(len(inner) // 100, 1)
            ends = self._at(np.concatenate([inner[:tail], inner[-tail:]]))
            if mass < 1 and ends.max() * width > NEGLIGIBLE:
                width *= 4
            bins *= 2
        raise DataError(
            f"the data's density integrates to {mass:.6g}, not to 1",
            hint="log_density(x) is the natural logarithm of a density, normalised",
        )

    def _add_outer(self, inner: np.ndarray) -> np.ndarray:
        """Add to the edges over p_data's part of the line coarser ones over samples beyond it."""
        ends = self.generated.images
        below, above = float(ends.min()), float(ends.max())
        pieces = [inner]
        if below < inner[0]:
            pieces.insert(0, np.linspace(below - 1e-6 * abs(below), inner[0], OUTER + 1)[:-1])
        if above >= inner[-1]:
            pieces.append(np.linspace(inner[-1], above + 1e-6 * abs(above), OUTER + 1)[1:])
        return np.concatenate(pieces)

    def _at(self, x: np.ndarray) -> np.ndarray:
        p = np.asarray(self._density(x), np.float64).reshape(-1)
        if p.shape != x.shape or not np.isfinite(p).all() or (p < 0).any():
            raise DataError("the data's density is not one finite number for each x, at least 0")
        return p


def line_game(
    source: Any,
    prior: Any,
    generator: Callable[[np.ndarray], np.ndarray],
    discriminator: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    cells: int = 2**14,
) -> LineGame:
    """Return the game of a run, in the data set's own range.

    Args:
        source: The :class:`advnets.data.Source`, of examples of one number, with a
            ``log_density``.
        prior: p_z, a :class:`advnets.game.Prior` of one dimension with a ``quantile``.
        generator: Latent points ``[n, 1]`` → examples ``[n, 1]`` in the preprocessed range.
        discriminator: Such examples → D's outputs by name; the key ``probability`` says that
            its logits are those of a probability.
        cells: Cells of z.

    Raises:
        DataError: If it is not such a game; the message says what is missing.
    """
    why = explain_unfit(source, prior)
    if why:
        raise DataError(f"theory is computed of games on the line; {why}")
    preprocess, shape = source.preprocess, source.spec.shape

    def logits(x: np.ndarray) -> np.ndarray | None:
        stored = x.reshape(-1, *shape).astype(source.spec.dtype)
        outputs = discriminator(np.asarray(preprocess.apply(stored)))
        if "probability" not in outputs or "logits" not in outputs:
            return None
        return np.asarray(outputs["logits"])

    real = source.take("train", np.arange(min(source.count("train"), 10_000))).examples
    few = real[:: max(len(real) // ASKED, 1)]
    if (together := logits(few)) is not None:
        alone = np.concatenate([np.asarray(logits(few[i : i + 1])) for i in range(len(few))])
        if not np.allclose(together, alone, rtol=1e-3, atol=1e-5):
            raise DataError(
                "theory is computed of games on the line; this one's D is no function of x: what "
                "it says of an example depends on those beside it",
                hint="leave out what packs examples, or compares those of a batch",
            )
    return LineGame(
        density=lambda x: np.exp(source.log_density(x.reshape(-1, *shape))),
        support=(float(real.min()), float(real.max())),
        quantile=prior.quantile,
        generator=lambda z: preprocess.invert(generator(z)),
        discriminator=logits,
        cells=cells,
    )


def explain_unfit(source: Any, prior: Any) -> str | None:
    """Return why a game is not one on the line with known densities; ``None`` if it is."""
    if source is None or source.spec.size != 1:
        shape = "unknown" if source is None else " × ".join(map(str, source.spec.shape))
        return f"this one's examples are not single numbers (shape {shape})"
    if not hasattr(source, "log_density"):
        return f"the density of {source.name} is not known: it has no log_density"
    if source.preprocess.name not in ("none", "unit", "symmetric"):
        return f"preprocessing {source.preprocess.name} loses the examples' values"
    if prior is None or prior.size != 1:
        return "this one's latent points have several dimensions: choose latent.size=1"
    if prior.quantile(np.array([0.5])) is None:
        return f"the prior {type(prior).__name__} has no quantile(u)"
    return None
