"""Sample from a game's generator."""

from __future__ import annotations

from functools import cached_property

import keras
import numpy as np

from ..errors import UsageError
from ..random import Draw
from .averaging import GeneratorAverage
from .players import Players
from .prior import Prior
from .sampling import Sampler


class Generation(Players):
    """Add sampling from the generator to the players: see :class:`advnets.game.AdversarialGame`.

    Attributes:
        prior: The distribution of z.
        average: The average of G's weights; ``None`` where none is kept.
    """

    prior: Prior
    average: GeneratorAverage | None

    @property
    def averaged_generator(self) -> keras.Model | None:
        """The generator whose weights are averages; ``None`` where none are kept."""
        return None if self.average is None else self.average.network

    def sampling_generator(self, weights: str = "auto") -> keras.Model:
        """Return the generator that samples come from.

        Args:
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.

        Raises:
            UsageError: If averages are requested, and none are kept.
        """
        if weights == "current" or (weights == "auto" and self.average is None):
            return self.generator
        if self.average is None:
            raise UsageError(
                "this run keeps no averages of its generator's weights",
                hint="a recipe with `averaging: {decay: 0.999}` keeps them",
            )
        return self.average.network

    def generate(
        self,
        examples: int,
        seed: int = 0,
        stream: str = "sample",
        chunk: int = 500,
        weights: str = "auto",
        first: int = 0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sample from G, in the range of the preprocessed data.

        Every replica makes its share. Where several workers play, all of them call this at
        the same time, with the same arguments.

        Args:
            examples: How many samples.
            seed: Seed of the latent points; the same seed gives the same points, and
                fewer samples are a prefix of more.
            stream: What the samples are for.
            chunk: How many samples G makes at once, which bounds memory.
            weights: Of which weights; see :meth:`sampling_generator`.
            first: How many of them to leave out, from the first on.

        Returns:
            The latent points, float32 ``[examples - first, size]``, and G of them.
        """
        latents = self.prior.sample(Draw(seed, 0), stream, examples).numpy()[first:]
        return latents, self.generate_from(latents, chunk, weights)

    def generate_from(
        self, latents: np.ndarray, chunk: int = 500, weights: str = "auto"
    ) -> np.ndarray:
        """Return G of latent points ``[n, size]``, in inference mode; see :meth:`generate`."""
        generator = self.sampling_generator(weights)
        averaged = generator is not self.generator
        if averaged not in self._samplers:
            self._samplers[averaged] = Sampler(generator, self.distribute_strategy)
        return self._samplers[averaged](latents, chunk)

    @cached_property
    def _samplers(self) -> dict[bool, Sampler]:
        """The samplers, by whether they sample from averaged weights."""
        return {}
