"""Sample from a generator, each replica its share, and interpolate between latent points."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from ..distribute.replicas import replica_index, replicas

PER_LINE = 10
"""Samples on a straight line, both of its ends included."""


class Sampler:
    """Run a generator in inference mode, traced once for any number of latent points.

    The points are divided among the replicas of the strategy that the generator was made
    under, and what they make is gathered in the order of the points. Where several workers
    play, all of them call it at the same time, with the same points, and all get the same.

    Args:
        generator: A built Keras model, latent ``[N, ...]`` → examples ``[N, ...]``.
        strategy: The strategy under whose scope it was made.

    >>> generator = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(2.0)])
    >>> Sampler(generator, tf.distribute.get_strategy())(np.ones([3, 2]), chunk=2).tolist()
    [[2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]
    """

    def __init__(self, generator: keras.Model, strategy: tf.distribute.Strategy):
        self._generator, self._strategy = generator, strategy
        shape = [None, *generator.input_shape[1:]]
        self._compiled = tf.function(
            self._generate, input_signature=[tf.TensorSpec(shape, tf.float32)], autograph=False
        )

    def __call__(self, latents: np.ndarray, chunk: int) -> np.ndarray:
        """Return G of the given latent points.

        Args:
            latents: ``[n, ...]``.
            chunk: How many points all replicas take at once, about, which bounds memory.

        Returns:
            float32 ``[n, ...]``.
        """
        replicas = self._strategy.num_replicas_in_sync
        chunk = max(chunk // replicas, 1) * replicas
        parts = []
        for start in range(0, len(latents), chunk):
            points = np.asarray(latents[start : start + chunk], np.float32)
            # Every replica takes as many; what a last, uneven chunk lacks is made up and dropped.
            lacking = -len(points) % replicas
            points = np.pad(points, [(0, lacking)] + [(0, 0)] * (points.ndim - 1))
            samples = self._compiled(tf.constant(points)).numpy()
            parts.append(samples[: len(samples) - lacking])
        return np.concatenate(parts).astype("float32")

    def _generate(self, latents: tf.Tensor) -> tf.Tensor:
        if self._strategy.num_replicas_in_sync == 1:
            return self._generator(latents, training=False)

        def share() -> tf.Tensor:
            each = tf.shape(latents)[0] // replicas()
            start = replica_index() * each
            return self._generator(latents[start : start + each], training=False)

        return self._strategy.gather(self._strategy.run(share), axis=0)


def interpolate_latents(ends: np.ndarray, n: int, per_line: int = PER_LINE) -> np.ndarray:
    """Return latent points along the lines between ends 0 → 1, 1 → 2, …

    Args:
        ends: Latent points, float32 ``[m, size]``, m ≥ 1.
        n: How many points to return.
        per_line: Points on each line, both of its ends included.

    Returns:
        float32 ``[n, size]``, one line after the other.

    Source: Goodfellow et al. 2014, figure 3.

    >>> interpolate_latents(np.array([[0.0], [1.0], [0.0]]), 6, per_line=3).ravel().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    weights = np.linspace(0.0, 1.0, per_line)[:, None]
    lines = [
        (1 - weights) * ends[i % len(ends)] + weights * ends[(i + 1) % len(ends)]
        for i in range(-(-n // per_line))
    ]
    return np.concatenate(lines)[:n].astype("float32")
