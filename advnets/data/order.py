"""Which examples a step sees: a pure function of the seed and the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

STREAM = 0x0DE2
"""Tells this use of a run's seed from others."""
ROUNDS = 24
"""Rounds of the cipher behind the permutation; TensorFlow's default of 4 mixes less well."""


def batches_per_epoch(examples: int, batch: int) -> int:
    """How many whole batches an epoch has; the remainder is left out.

    Raises:
        DataError: If not even one batch is full.

    >>> batches_per_epoch(1437, 100)
    14
    """
    if batch < 1:
        raise DataError(f"a batch holds at least one example, not {batch}")
    if examples < batch:
        raise DataError(
            f"the training split has {examples:,} examples, fewer than one batch of {batch:,}",
            hint="lower training.batch_size (each discriminator step draws a batch of its own), "
            "or use more data",
        )
    return examples // batch


def epoch_order(seed: Any, step: Any, batch: int, examples: int) -> tf.Tensor:
    """The indices of the examples in batch ``step``, in epoch ⌊step / ⌊examples / batch⌋⌋.

    Each epoch is a permutation of all examples, keyed by (seed, epoch) and cut into
    batches; the ⌊examples mod batch⌋ at its end are left out, others each time. Nothing is
    kept between calls, so that any step can be computed alone, in any process.

    Runs eagerly and in a graph, with the same outcome. Not under XLA, which has no
    RandomIndexShuffle: compute a block of steps outside the compiled function.

    Args:
        seed: The run's, 0 … 2**31 - 1: an int or an integer tensor.
        step: The number of a batch, counted from 0: an int or an integer tensor of any
            shape.
        batch: Examples in a batch.
        examples: Examples in the split.

    Returns:
        int64 tensor of the shape of ``step`` with [batch] appended; values in [0, examples).

    Raises:
        DataError: If ``examples`` < ``batch``.

    >>> first, second = epoch_order(seed=1, step=[0, 1], batch=3, examples=7).numpy()
    >>> len({*first, *second})
    6
    """
    import tensorflow as tf

    per_epoch = batches_per_epoch(examples, batch)
    step = tf.convert_to_tensor(step, tf.int64) if not tf.is_tensor(step) else step
    step = tf.cast(step, tf.int64)
    epoch, within = step // per_epoch, step % per_epoch
    places = within[..., None] * batch + tf.range(batch, dtype=tf.int64)
    epochs = tf.broadcast_to(epoch[..., None], tf.shape(places))
    seeds = tf.stack(
        [
            tf.fill(tf.shape(places), tf.cast(seed, tf.uint32)),
            tf.cast(epochs, tf.uint32),
            tf.fill(tf.shape(places), tf.constant(STREAM, tf.uint32)),
        ],
        axis=-1,
    )
    # The op behind tf.random.experimental.index_shuffle, which fixes the rounds at 4.
    shuffled = tf.raw_ops.RandomIndexShuffle(
        index=tf.reshape(places, [-1]),
        seed=tf.reshape(seeds, [-1, 3]),
        max_index=tf.fill([tf.size(places)], tf.constant(examples - 1, tf.int64)),
        rounds=ROUNDS,
    )
    return tf.ensure_shape(tf.reshape(shuffled, tf.shape(places)), [*step.shape, batch])
