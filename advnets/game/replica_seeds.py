"""Give each replica random numbers of its own, where Keras's layers draw by their generators.

Keras's ``Dropout``, ``GaussianNoise`` and the like draw by a ``SeedGenerator``, whose state is
a variable and is saved with the network. It is the same on all replicas: all would have the same
masks. (advnets' own ``Dropout`` has no state.)
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ..distribute.replicas import replica_index, replicas

APART = 0x9E3779B
"""What is between the seeds of one replica and the next."""


class _Next:
    """Stand for the method ``next`` of a seed generator."""

    def __init__(self, generator: keras.random.SeedGenerator):
        self._keras = generator.next

    def __call__(self, ordered: bool = True) -> Any:
        seed = self._keras(ordered)
        if replicas() == 1:
            return seed
        apart = tf.cast(replica_index(), seed.dtype) * tf.constant(APART, seed.dtype)
        return seed + tf.stack([apart, tf.zeros_like(apart)])


def draw_apart(network: keras.Model) -> None:
    """Let the seed generators of a network's layers draw other numbers on each replica."""
    for layer in network._flatten_layers():
        for generator in layer._seed_generators:
            if not isinstance(vars(generator).get("next"), _Next):
                generator.next = _Next(generator)
