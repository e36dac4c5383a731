"""Compute slopes of a critic: gradients of C by x, squared and rooted without NaN."""

from __future__ import annotations

import tensorflow as tf

from .side import Side


def slope_of(side: Side, x: tf.Tensor) -> tf.Tensor:
    """Return ∇_x C(x), float32 ``[N, ...]``, of what a side's judge says of x in its place.

    Where D judges parts of an example, C is the sum over them. The judge has to treat examples
    independently, for the gradient is taken of the sum over the batch.

    Args:
        side: Whose judge is asked, and what it is told besides x.
        x: Where, ``[N, ...]``. Generated ones are a function of G's weights still, for a rule that
            follows how both players' gradients change.

    >>> from advnets.testing import play_of
    >>> x = tf.constant([[1.0], [3.0]])
    >>> slope_of(play_of(lambda x: 0.5 * x[:, 0] ** 2, x, x).real, x).numpy().tolist()
    [[1.0], [3.0]]
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        total = tf.reduce_sum(side.critic(x).logits)
    return tf.cast(tape.gradient(total, x), tf.float32)


def squared_norm(gradient: tf.Tensor) -> tf.Tensor:
    """Return ‖gradient‖² of each example, float32 ``[N]``.

    >>> squared_norm(tf.constant([[3.0, 4.0]])).numpy().tolist()
    [25.0]
    """
    return tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))


def norm(gradient: tf.Tensor) -> tf.Tensor:
    """Return ‖gradient‖ of each example, float32 ``[N]``, with derivative 0 at 0.

    The root's own derivative is infinite there, and infinity times 0 is NaN.

    >>> norm(tf.constant([[3.0, 4.0], [0.0, 0.0]])).numpy().tolist()
    [5.0, 0.0]
    """
    squared = squared_norm(gradient)
    positive = squared > 0.0
    # The inner choice keeps the root away from 0, in the derivative of what is not chosen too.
    return tf.where(positive, tf.sqrt(tf.where(positive, squared, 1.0)), 0.0)
