"""What the pictures of a run show: samples, and what is drawn beneath them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Source
from ..data.feed.choose import reference_examples
from ..evaluate.estimators.diversity import diversity
from ..game import AdversarialGame, DiscriminatorOutput

FIXED_SEED = 0
"""Seed of the fixed latent points of the sample grids."""
COMPARED = 256
"""Examples of a kind that are compared with each other, at most."""


def fixed_samples(game: AdversarialGame, source: Source, n: int) -> np.ndarray:
    """G of the fixed latent points, in the data set's own range: ``[n, *shape]``."""
    _, generated = game.generate(n, FIXED_SEED, "grid")
    return source.preprocess.invert(generated)


class Variety:
    """How much samples differ from each other, compared with as many real examples.

    Args:
        source: The data.
    """

    def __init__(self, source: Source):
        rows = np.arange(min(COMPARED, source.count("train")))
        self._real = source.take("train", rows).examples
        modes = getattr(source, "modes", None)
        self._modes = None if modes is None else modes()

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        """Of samples ``[n, *shape]``, in the data set's own range; see ``diversity``."""
        return diversity(samples[:COMPARED], self._real, self._modes)


def probability(game: AdversarialGame, source: Source, x: np.ndarray) -> np.ndarray:
    """D(x) for x in the data set's own range ``[n, 1]``, where the loss defines it: ``[n]``."""
    said = DiscriminatorOutput(game.discriminator(source.preprocess.apply(x), training=False))
    probability = game.loss.probability(said)
    return np.full(len(x), np.nan) if probability is None else probability.numpy()


def background(source: Source) -> dict[str, Any]:
    """Return what to draw beneath samples of vectors: the density where known, real examples."""
    if source.spec.kind != "vector":
        return {}
    density = getattr(source, "log_density", None)
    return {
        "density": None if density is None else lambda x: np.exp(density(x)),
        "reference": reference_examples(source),
    }
