"""Whether a prior gives every example, round and replica noise of its own."""

from __future__ import annotations

import numpy as np

from ..game import Prior
from ..random import Draw

DRAWN = 16


def duplicated_noise(prior: Prior, seed: int) -> str | None:
    """Return what is wrong with the latent points that a game would be played with; nothing:
    ``None``.

    A prior that ignores its draw gives the same points in every round; one that draws by a
    state of its own, the same ones to all replicas. The game then sees fewer points than it
    seems to, and no loss shows it.

    Args:
        prior: The prior.
        seed: The game's seed.

    >>> from advnets.game import Gaussian
    >>> duplicated_noise(Gaussian(2), 1) is None
    True
    >>> class Same(Gaussian):
    ...     def sample(self, draw, stream, examples):
    ...         return np.ones([examples, self.size], np.float32)
    >>> duplicated_noise(Same(2), 1)
    'all points of a batch are the same'
    """

    def points(step: int, replica: int, replicas: int) -> np.ndarray:
        draw = Draw(seed, step, replica, replicas)
        return np.asarray(prior.sample(draw, "latent/discriminator/0", DRAWN // replicas))

    first = points(0, 0, 1)
    if len(np.unique(first, axis=0)) == 1:
        return "all points of a batch are the same"
    if np.array_equal(first, points(1, 0, 1)):
        return "two rounds get the same points"
    if np.array_equal(points(0, 0, 2), points(0, 1, 2)):
        return "two replicas get the same points"
    return None
