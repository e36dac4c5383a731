"""Training data that lives on the device, gathered and preprocessed inside the graph."""

from __future__ import annotations

import tensorflow as tf

from ..data import Source, epoch_order
from ..game import batch as replicated


class ResidentData:
    """A training split kept on the device in its stored dtype.

    The examples of round r are a pure function of (seed, r): global batches r·k … r·k + k − 1
    of the shuffled epochs (:mod:`advnets.data.order`), whatever the number of replicas.

    Args:
        source: The data.
        seed: The run's seed, which orders the epochs.
        batch_size: Examples in a global batch.
        batches: k, the global batches that one round uses.
    """

    def __init__(self, source: Source, seed: int, batch_size: int, batches: int = 1):
        examples = source.load("train")
        self.examples = len(examples)
        self._preprocess = source.preprocess
        self._seed, self._batch_size, self._batches = seed, batch_size, batches
        self._stored = tf.Variable(examples, trainable=False, name="training_data")

    def indices(self, step: int | tf.Tensor) -> tf.Tensor:
        """Which examples this replica plays round ``step`` on: int64 ``[k · N]``."""
        first = tf.cast(step, tf.int64) * self._batches
        steps = first + tf.range(self._batches, dtype=tf.int64)
        order = epoch_order(self._seed, steps, self._batch_size, self.examples)
        local = self._batch_size // replicated.replicas()
        start = replicated.replica_index() * local
        return tf.reshape(order[:, start : start + local], [self._batches * local])

    def batch(self, step: int | tf.Tensor) -> tf.Tensor:
        """The preprocessed examples of round ``step``: float32 ``[k · N, *shape]``."""
        return self._preprocess.apply(tf.gather(self._stored, self.indices(step)))
