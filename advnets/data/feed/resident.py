"""Keep training data on the device, to be gathered and preprocessed inside the graph."""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf

from ...distribute.replicas import replica_index, replicas
from .. import Source, epoch_order
from ..spec import INDEX
from .feed import Order, preprocess_batch

MOST_INDICES = 2**22
"""Of a call's rounds, planned in one go: 32 MiB, and a few times as much to work them out."""


class ResidentData:
    """Keep a training split on the device, in its stored dtype.

    The examples of round r are a pure function of (seed, r): global batches r·k … r·k + k − 1
    of the shuffled epochs (:mod:`advnets.data.order`), whatever the number of replicas.
    It is a :class:`advnets.data.feed.feed.Feed`.

    Args:
        source: The data.
        seed: The run's seed, which orders the epochs.
        batch_size: Examples in a global batch.
        batches: k, the global batches that one round uses.
        fields: What to give beside the examples, by name.
        order: Which examples each batch has; by default those of shuffled epochs.

    Raises:
        DataError: If the training split has no such field.
    """

    compilable = True

    def __init__(
        self,
        source: Source,
        seed: int,
        batch_size: int,
        batches: int = 1,
        fields: Iterable[str] = (),
        order: Order | None = None,
    ):
        examples = source.load("train")
        self.examples_kept = len(examples)
        self.fields = tuple(fields)
        self._source, self._order = source, order
        self._seed, self._batch_size, self._batches = seed, batch_size, batches
        self.longest = max(1, MOST_INDICES // (batch_size * batches))
        self._stored = tf.Variable(examples, trainable=False, name="training_data")
        self._stored_fields = {
            name: tf.Variable(source.field("train", name), trainable=False, name=f"training_{name}")
            for name in self.fields
            if name != INDEX  # which needs no table
        }

    def seek(self, step: int) -> None:
        """Do nothing: any round can be drawn at any time."""

    def failure(self) -> None:
        """Return ``None``: there is nothing to be read."""

    def indices(self, steps: tf.Tensor) -> tf.Tensor:
        """Return the indices of the rounds' global batches: int64 ``[*steps, k, N]``."""
        first = tf.cast(steps, tf.int64)[..., None] * self._batches
        batches = first + tf.range(self._batches, dtype=tf.int64)
        if self._order is not None:
            return self._order(batches)
        return epoch_order(self._seed, batches, self._batch_size, self.examples_kept)

    def plan(self, first: tf.Tensor, rounds: tf.Tensor) -> tf.Tensor:
        """Return the indices of a call's rounds, ``[rounds, k, N]``.

        For all at once, a few microseconds each; for one, the many small operations that
        they are made of would take a fraction of a millisecond.
        """
        return self.indices(first + tf.range(rounds))

    def draw(self, plan: tf.Tensor | None, number: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Return the indices of one round, ``[k, N]``."""
        return self.indices(step) if plan is None else plan[number]

    def examples(self, drawn: tf.Tensor) -> tf.Tensor | dict[str, tf.Tensor]:
        """Return this replica's examples of a round, gathered, float32 ``[k · n, *shape]``.

        With fields, a dict: see :class:`advnets.data.feed.feed.Feed`.
        """
        local = self._batch_size // replicas()
        start = replica_index() * local
        mine = tf.reshape(drawn[:, start : start + local], [self._batches * local])
        fields = {
            name: mine if name == INDEX else tf.gather(self._stored_fields[name], mine)
            for name in self.fields
        }
        return preprocess_batch(self._source, tf.gather(self._stored, mine), fields)
