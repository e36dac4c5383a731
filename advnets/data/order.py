"""Which examples a step sees: a pure function of the seed and the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

WEYL = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The constants of SplitMix64 (Steele, Lea and Flood 2014)."""
ROUNDS = 24
"""Of the cipher behind the permutation. TensorFlow's 4 leave a serial correlation of -0.06
between the indices of 50,000 examples (measured); none was found with 24."""


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
    RandomIndexShuffle: compute a block of steps outside the compiled function. Below 65,536
    examples the op's cost per index grows as their number falls (it walks through 2**16
    places to find one that counts): a batch of 100 among 1,437 takes a fraction of a
    millisecond, among 50,000 a tenth of that.

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
    keys = tf.repeat(tf.reshape(_keys(seed, epoch), [-1, 3]), batch, axis=0)
    # The op behind tf.random.experimental.index_shuffle, which fixes the rounds at 4.
    shuffled = tf.raw_ops.RandomIndexShuffle(
        index=tf.reshape(places, [-1]),
        seed=keys,
        max_index=tf.fill([tf.size(places)], tf.constant(examples - 1, tf.int64)),
        rounds=ROUNDS,
    )
    return tf.ensure_shape(tf.reshape(shuffled, tf.shape(places)), [*step.shape, batch])


def _keys(seed: Any, epoch: tf.Tensor) -> tf.Tensor:
    """Three well-mixed words for each epoch: uint32, the shape of ``epoch`` with [3] appended.

    RandomIndexShuffle looks at no more than the low bits of each word of its key (measured:
    8 of 32 below 65,537 examples), so that a seed and an epoch put there as they are would
    bring the same orders back after 256 epochs.
    """
    import tensorflow as tf

    start = tf.cast(seed, tf.uint64) * tf.constant(1 << 32, tf.uint64) + tf.cast(epoch, tf.uint64)
    # Mixed before the words are told apart, or neighbouring epochs would share words.
    start = _mix(start)
    words = [_mix(start + tf.constant(k * WEYL % 2**64, tf.uint64)) for k in (1, 2, 3)]
    upper = tf.bitwise.right_shift(tf.stack(words, axis=-1), tf.constant(32, tf.uint64))
    return tf.cast(upper, tf.uint32)


def _mix(z: tf.Tensor) -> tf.Tensor:
    """SplitMix64's finaliser: a bijection of 64 bits, every one of which depends on all."""
    import tensorflow as tf

    for shift, factor in ((30, MIX_1), (27, MIX_2), (31, 1)):
        shifted = tf.bitwise.right_shift(z, tf.constant(shift, tf.uint64))
        z = tf.bitwise.bitwise_xor(z, shifted) * tf.constant(factor, tf.uint64)
    return z
