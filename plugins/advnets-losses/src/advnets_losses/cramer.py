"""Compute the energy distance between both sides, in D's features."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import Loss, Side, gather


class Cramer(Loss):
    """Minimise L_G = 2 E‖h(x) − h(G(z))‖ − E‖h(x) − h(x′)‖ − E‖h(G(z)) − h(G(z′))‖ = −L_D.

    That is the energy distance, in one dimension twice the square of Cramér's, in D's
    ``features`` h: 0 if and only if both have one distribution there. Means run over all pairs
    of the *global* batch, of two different examples where both are of one side, so that
    the gradient is unbiased, unlike that of the Wasserstein distance. D would do well by
    letting h grow without bound: it wants one that cannot, a spectrally normalised one.

    Source: Bellemare et al. 2017 (arXiv:1705.10743). There the independent samples of a formula
    are one example each, and a gradient penalty on f(x) = E‖h(x) − h(G(z′))‖ − ‖h(x)‖ bounds h;
    here they are all of the batch.

    >>> real = Side({"features": tf.constant([[0.0], [2.0]])})
    >>> fake = Side({"features": tf.constant([[1.0], [1.0]])})
    >>> Cramer().generator(real, fake).numpy()  # 2 · 1 − 2 − 0: the same mean, another spread
    array([0., 0.], dtype=float32)
    """

    requires = ("features",)
    needs_real = True

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return minus each pair's share of the energy distance, float32 ``[N]``."""
        return -self.generator(real, fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return each pair's share of the energy distance, float32 ``[N]``."""
        x, y = _flat(real.features), _flat(fake.features)
        every_x, every_y = gather(x), gather(y)
        across = _mean(_distances(x, every_y)) + _mean(_distances(y, every_x))
        return across - _mean_of_others(x, every_x) - _mean_of_others(y, every_y)


def _flat(features: tf.Tensor) -> tf.Tensor:
    features = tf.cast(features, tf.float32)
    return tf.reshape(features, [tf.shape(features)[0], -1])


def _distances(these: tf.Tensor, those: tf.Tensor) -> tf.Tensor:
    """Return ‖aᵢ − bⱼ‖, float32 ``[n, N]``; 0 with a gradient of 0 where they are equal."""
    squared = tf.reduce_sum(tf.square(these[:, None] - those[None]), axis=-1)
    apart = squared > 0.0
    return tf.where(apart, tf.sqrt(tf.where(apart, squared, 1.0)), 0.0)


def _mean(distances: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(distances, axis=1)


def _mean_of_others(these: tf.Tensor, everyone: tf.Tensor) -> tf.Tensor:
    """Return each example's mean distance to the others of its side; 0 if it is alone."""
    others = tf.cast(tf.maximum(tf.shape(everyone)[0] - 1, 1), tf.float32)
    return tf.reduce_sum(_distances(these, everyone), axis=1) / others
