"""Stream training data while the game is played, for splits larger than memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from ...errors import DataError
from ...plugins.tracebacks import text_of
from .. import Source, epoch_order
from ..spec import INDEX, DataSpec, Field
from .feed import Order, preprocess_batch

READ_AT_ONCE = 4
"""Rounds whose examples are being read at the same time."""
READ_AHEAD = 4
"""Rounds whose examples lie ready."""
FOREVER = 2**62


class StreamedData:
    """Stream a training split from where it lies: a round's examples are read ahead of it.

    A ``tf.data`` pipeline counts the rounds, works out which examples each one uses (those
    that :class:`advnets.data.feed.resident.ResidentData` would take: the order is the same pure
    function of the seed and the round), reads several rounds' examples at a time in threads,
    and keeps some more ready. Under several workers each reads its own replicas' examples
    only. It is a :class:`advnets.data.feed.feed.Feed`.

    At most ``READ_AT_ONCE + READ_AHEAD + 1`` rounds' examples are in memory, as stored, and
    what the source needs to decode those being read.

    Args:
        source: The data, of which parts can be read.
        seed: The run's seed, which orders the epochs.
        batch_size: Examples in a global batch.
        batches: k, the global batches that one round uses.
        strategy: The strategy that the game is played under; the current one by default.
        fields: What to give beside the examples, by name.
        order: Which examples each batch has; by default those of shuffled epochs.

    Raises:
        DataError: If the training split has no such field.
    """

    compilable = False
    longest = 1_000_000

    def __init__(
        self,
        source: Source,
        seed: int,
        batch_size: int,
        batches: int = 1,
        strategy: tf.distribute.Strategy | None = None,
        fields: Iterable[str] = (),
        order: Order | None = None,
    ):
        self._source, self.fields = source, tuple(fields)
        self._count, self._order = source.count("train"), order
        self._seed, self._batch_size, self._batches = seed, batch_size, batches
        self._strategy = strategy or tf.distribute.get_strategy()
        self._local = batch_size // self._strategy.num_replicas_in_sync
        self._replicas = _own_replicas(self._strategy)
        self._failure: DataError | None = None
        self._failing = threading.Lock()
        source.take("train", [0])  # opens what the threads are going to share
        declared: list[DataSpec | Field] = [source.spec]
        declared += [source.check_field("train", name) for name in self.fields]
        batch = [batches, len(self._replicas) * self._local]
        self.examples_kept = self._count
        bytes_each = source.spec.bytes_with(self.fields)
        self.bytes_ahead = math.prod(batch) * bytes_each * (READ_AT_ONCE + READ_AHEAD + 1)
        self._types = {
            "output_types": [tf.as_dtype(each.dtype) for each in declared],
            "output_shapes": [tf.TensorShape([*batch, *each.shape]) for each in declared],
        }
        # tf.data's own iterators begin at the beginning. This one can be set to another round
        # while the compiled loop knows it by the same handle.
        with tf.device("CPU:0"):
            self._iterator = tf.raw_ops.AnonymousIteratorV3(**self._types)

    def seek(self, step: int) -> None:
        """Begin to read for round ``step``."""
        self._failure = None
        with tf.device("CPU:0"):
            dataset = tf.data.experimental.to_variant(self._rounds(step))
            tf.raw_ops.MakeIterator(dataset=dataset, iterator=self._iterator)

    def plan(self, first: tf.Tensor, rounds: tf.Tensor) -> None:
        """Plan nothing: which examples a round uses is computed where they are read."""

    def draw(self, plan: None, number: tf.Tensor, step: tf.Tensor) -> Any:
        """Return the next round's examples as stored, each replica its own, ``[k, n, *shape]``.

        With fields, a list of these and of each field's values.
        """
        with tf.device("CPU:0"):
            read = tf.raw_ops.IteratorGetNext(iterator=self._iterator, **self._types)
            split = [tf.split(values, len(self._replicas), axis=1) for values in read]
        parts: list[Any] = [list(part) for part in zip(*split, strict=True)]
        if not self.fields:
            (parts,) = split
        if len(self._replicas) == self._strategy.num_replicas_in_sync == 1:
            return parts[0]
        own = dict(zip(self._replicas, parts, strict=True))
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: own[context.replica_id_in_sync_group]
        )

    def examples(self, drawn: Any) -> tf.Tensor | dict[str, tf.Tensor]:
        """Return this replica's preprocessed examples of a round, float32 ``[k · n, *shape]``.

        With fields, a dict: see :class:`advnets.data.feed.feed.Feed`.
        """
        n = self._batches * self._local
        parts = drawn if self.fields else [drawn]
        examples, *values = [tf.reshape(part, [n, *part.shape[2:]]) for part in parts]
        return preprocess_batch(self._source, examples, dict(zip(self.fields, values, strict=True)))

    def failure(self) -> DataError | None:
        """Return what went wrong in reading, since TensorFlow's own error holds little of it."""
        return self._failure

    def _rounds(self, start: int) -> tf.data.Dataset:
        """Return the examples that this worker needs, round after round from ``start`` on."""
        first, local = self._replicas[0] * self._local, len(self._replicas) * self._local

        def order(step: tf.Tensor) -> tf.Tensor:
            steps = step * self._batches + tf.range(self._batches, dtype=tf.int64)
            if self._order is not None:
                indices = self._order(steps)
            else:
                indices = epoch_order(self._seed, steps, self._batch_size, self._count)
            return indices[:, first : first + local]

        def examples(indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
            read = tf.numpy_function(self._read, [indices], self._types["output_types"])
            return tuple(map(tf.ensure_shape, read, self._types["output_shapes"]))

        rounds = tf.data.Dataset.range(start, FOREVER).map(order)
        read = rounds.map(examples, num_parallel_calls=READ_AT_ONCE, deterministic=True)
        options = tf.data.Options()
        # Threads of its own: reading blocks, and must not hold up the game's operations.
        options.threading.private_threadpool_size = READ_AT_ONCE + 1
        options.autotune.enabled = False
        return read.prefetch(READ_AHEAD).with_options(options)

    def _read(self, indices: np.ndarray) -> list[np.ndarray]:
        try:
            read = self._source.take("train", indices.ravel())
            known = {**read.fields, INDEX: indices}
            values = [read.examples, *(known[name] for name in self.fields)]
            shapes = self._types["output_shapes"]
            return [each.reshape(shape) for each, shape in zip(values, shapes, strict=True)]
        except Exception as error:
            with self._failing:
                self._failure = self._failure or _as_data_error(error, self._source)
            raise


def _own_replicas(strategy: tf.distribute.Strategy) -> list[int]:
    """Return the replicas that this process plays, by their index among all."""
    own: list[int] = []

    def note(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
        own.append(context.replica_id_in_sync_group)
        return tf.zeros([])

    strategy.experimental_distribute_values_from_function(note)
    return own


def _as_data_error(error: Exception, source: Source) -> DataError:
    if isinstance(error, DataError):
        return error
    return DataError(
        f"{source.name}: examples cannot be read: {type(error).__name__}: {text_of(error)}",
        hint="is the data set still where it was?",
    )
