"""Give an architecture what it needs to know of the game that it will play in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import DataError


def _no_marginals() -> np.ndarray:
    raise DataError(
        "the mean of the training data is needed, but no data set is attached",
        hint="pass marginals=... to NetworkContext",
    )


@dataclass(frozen=True)
class NetworkContext:
    """Hold the shapes, the data's mean and the seed that a network is built from.

    Args:
        role: The player: ``"generator"`` or ``"discriminator"``.
        input_shape: Shape of one input: the latent's for a generator, the data's for a
            discriminator.
        output_shape: Shape of one output: the data's for a generator, ``()`` for a
            discriminator (one logit per example).
        marginals: Returns the mean of the preprocessed training data, an array of the
            data's shape. A function, since computing it reads the whole training set.
        seed: The run's seed; see :meth:`seed_for`.

    >>> context = NetworkContext("discriminator", (28, 28, 1), (), seed=1)
    >>> context.seed_for("hidden_0") == context.seed_for("hidden_0")
    True
    >>> context.seed_for("hidden_0") == context.seed_for("hidden_1")
    False
    """

    role: Literal["generator", "discriminator"]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...] = ()
    marginals: Callable[[], np.ndarray] = _no_marginals
    seed: int = 0

    def seed_for(self, name: str) -> int:
        """Return a seed of its own, 0 … 2³¹−1, for everything called ``name`` in this network.

        Two layers never start from the same numbers, and a layer's numbers depend on
        nothing but the run's seed, the role and the layer's name.
        """
        digest = hashlib.sha256(f"{self.seed}/{self.role}/{name}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1
