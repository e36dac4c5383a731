"""Compute the feature-matching loss: G matches the mean of D's features."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import NonSaturating, Side, global_mean


class FeatureMatching(NonSaturating):
    """Minimise L_D = −V(D, G) and L_G = ‖Ē f(x) − Ē f(G(z))‖², f being D's features.

    Ē is the mean over the *global* batch. G is not told to be called real, but to look the
    same on average to the layer of D that is asked for as ``features``.

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 3.1.

    >>> real = Side({"features": tf.constant([[1.0, 0.0], [3.0, 0.0]])})
    >>> fake = Side({"features": tf.constant([[0.0, 1.0], [0.0, 1.0]])})
    >>> FeatureMatching().generator(real, fake).numpy()  # 2² + 1², for the whole batch
    array([5., 5.], dtype=float32)
    """

    requires = ("logits", "features")
    needs_real = True

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return ‖Ē f(x) − Ē f(G(z))‖², the same for each example, float32 ``[N]``."""
        gap = tf.reduce_sum(tf.square(global_mean(real.features) - global_mean(fake.features)))
        return tf.fill([tf.shape(fake.features)[0]], gap)
