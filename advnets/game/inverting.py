"""Find latent points of examples by gradient descent."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ..data import Field
from ..data.given import check_given
from ..errors import UsageError
from ..random import Draw
from .generation import Generation
from .prior import Prior
from .sampling import check_whole

AT_ONCE = 256
"""Points that are moved at once, which bounds memory."""
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Inverted:
    """Hold what examples were found to be made of.

    Attributes:
        latents: z, float32 ``[n, *latent]``.
        samples: G(z), ``[n, *shape]``, in the range of the examples that were given.
        differences: ‖G(z) − x‖² of each example, float64 ``[n]``, summed over its numbers in
            the range of the preprocessed data.
    """

    latents: np.ndarray
    samples: np.ndarray
    differences: np.ndarray


def invert(
    game: Generation,
    examples: np.ndarray,
    shape: tuple[int, ...],
    *,
    steps: int = 500,
    learning_rate: float = 0.05,
    restarts: int = 4,
    seed: int = 0,
    given: Mapping[str, Any] | None = None,
    weights: str = "auto",
) -> Inverted:
    r"""Find latent points z whose G(z) is near examples x, by gradient descent on z.

    .. math:: \min_z ‖G(z) - x‖^2

    by Adam (β 0.9, 0.999), each point by itself, with a learning rate that falls to 0 along
    half a cosine, from ``restarts`` points of the prior; of all points that were passed on the
    way the best is kept. After each step points are brought back to where the prior can draw
    them (:meth:`.Prior.project`).

    Args:
        game: Its samples, in inference mode.
        examples: x, ``[n, *shape]``, in the range of the preprocessed data.
        shape: Of one sample.
        steps: Of Adam.
        learning_rate: Where it begins, in units of z.
        restarts: How many starts each example gets.
        seed: Of the starts; equal seeds give equal points.
        given: What G is told besides z, by name: one value for all, or one for each.
        weights: Of which weights; see :meth:`.Generation.sampling_networks`.

    Raises:
        UsageError: If the game has no latent, if its samples do not depend on it, if something
            that G is told is not given, or if an argument is none.

    Source: Zhu et al. 2016, "Generative visual manipulation on the natural image manifold"
    (arXiv:1609.03552), section 3.1; Lipton and Tripathi 2017 (arXiv:1702.04782), whose
    clipping is the projection.
    """
    x, prior = np.asarray(examples), game.prior
    if prior is None:
        raise UsageError("this game has no latent: there are no points to find")
    check_whole("steps", steps, 1)
    check_whole("restarts", restarts, 1)
    check_whole("seed", seed)
    _check_rate(learning_rate)
    _check_examples(x, shape)
    make = game.maker(weights)
    told = _told(game, {} if given is None else given, len(x))
    starts = np.stack(
        [
            prior.sample(Draw(seed, 0), f"invert/{index}", len(x)).numpy()
            for index in range(restarts)
        ],
        axis=1,
    )
    found, left = _descend_all(make, prior, x, starts, told, steps, float(learning_rate))
    samples = game.generate_from({**told, "latent": found}, weights=weights)
    return Inverted(found, samples, left)


def _told(game: Generation, given: Mapping[str, Any], n: int) -> dict[str, np.ndarray]:
    """Return what G is told besides the latent, one value for each example."""
    told: dict[str, Field | None] = {k: f for k, f in game.told.items() if k != "latent"}
    if missing := [name for name in told if name not in given]:
        raise UsageError(
            f"samples of this game are made of {', '.join(missing)} too, which is not given",
            hint=f"given={{{missing[0]!r}: …}}, one value for all examples, or one for each",
        )
    return check_given(given, told, n)


def _check_rate(rate: Any) -> None:
    number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not number or not 0 < rate < math.inf:
        raise UsageError(f"learning_rate={rate!r:.60}; a number greater than 0 was expected")


def _check_examples(x: np.ndarray, shape: tuple[int, ...]) -> None:
    if x.dtype.kind not in "fiub" or x.shape[1:] != shape or not len(x):
        raise UsageError(
            f"examples of the shape [n, {', '.join(map(str, shape))}] were expected; "
            f"{x.dtype} {list(x.shape)} was given",
            hint="a single one is x[None]",
        )
    if not np.isfinite(x).all():
        raise UsageError("the examples hold numbers that are not finite")


def _descend_all(
    make: Callable[[dict[str, tf.Tensor]], tf.Tensor],
    prior: Prior,
    x: np.ndarray,
    starts: np.ndarray,
    told: Mapping[str, np.ndarray],
    steps: int,
    rate: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best point of each example, and ‖G(z) − x‖² there; ``starts`` are
    ``[n, restarts, *latent]``.
    """
    n, restarts = starts.shape[:2]
    rows = np.repeat(np.arange(n), restarts)
    points = starts.reshape(n * restarts, *starts.shape[2:])
    descend = tf.function(
        lambda z, x, told: _descend(make, prior, z, x, told, steps, rate), autograph=False
    )
    found, left = np.empty_like(points), np.empty(len(points))
    for first in range(0, len(points), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        own = {name: tf.constant(values[rows[part]]) for name, values in told.items()}
        target = tf.constant(x[rows[part]], tf.float32)
        best, least = descend(tf.constant(points[part]), target, own)
        found[part], left[part] = best.numpy(), least.numpy()
    chosen = left.reshape(n, restarts).argmin(1) + restarts * np.arange(n)
    return found[chosen], left[chosen]


def _descend(
    make: Callable[[dict[str, tf.Tensor]], tf.Tensor],
    prior: Prior,
    z: tf.Tensor,
    x: tf.Tensor,
    told: dict[str, tf.Tensor],
    steps: int,
    rate: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Move each row of z by Adam; return the best points passed, and the least differences."""

    def difference(z: tf.Tensor) -> tf.Tensor:
        off = tf.cast(make({**told, "latent": z}), tf.float32) - x
        return tf.reduce_sum(tf.reshape(off, [tf.shape(off)[0], -1]) ** 2, axis=1)

    def keep(
        z: tf.Tensor, now: tf.Tensor, best: tf.Tensor, least: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        better = tf.reshape(now < least, [-1] + [1] * (z.shape.rank - 1))
        return tf.where(better, z, best), tf.minimum(now, least)

    def step(
        t: tf.Tensor, z: tf.Tensor, m: tf.Tensor, v: tf.Tensor, best: tf.Tensor, least: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            now = difference(z)
        gradient = tape.gradient(now, z)
        if gradient is None:
            raise UsageError("the samples of this game do not depend on its latent")
        best, least = keep(z, now, best, least)
        m = BETA_1 * m + (1 - BETA_1) * gradient
        v = BETA_2 * v + (1 - BETA_2) * gradient**2
        number = tf.cast(t, tf.float32)
        falling = 0.5 * rate * (1.0 + tf.cos(math.pi * number / steps))
        mean = m / (1.0 - BETA_1 ** (number + 1.0))
        square = v / (1.0 - BETA_2 ** (number + 1.0))
        z = prior.project(z - falling * mean / (tf.sqrt(square) + EPSILON))
        return t + 1, z, m, v, best, least

    zeros = tf.zeros_like(z)
    state = (tf.constant(0), z, zeros, zeros, z, tf.fill(tf.shape(z)[:1], math.inf))
    _, z, _, _, best, least = tf.while_loop(lambda t, *_: t < steps, step, state)
    return keep(z, difference(z), best, least)
