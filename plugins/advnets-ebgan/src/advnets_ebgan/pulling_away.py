"""Pull generated examples away from each other: they are to look different to D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play, gather, scheduled

from .hooks import PullingAwayParameters


class PullingAway(Penalty):
    """Penalise the generator by w/(N(N−1)) Σ_i Σ_{j≠i} cos(S_i, S_j)².

    S_i is D's code of the i-th generated example, the encoder's output (``features``). The
    mean runs over all pairs of the *global* batch: on several replicas the codes are
    gathered, so that their number does not change the term. A code shorter than 10⁻⁶ counts
    less, and a code of zeros is at right angles to all others.

    Args:
        weight: w, a number or a schedule; 0.1 in the paper.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), section 2.4, equation 14.

    Two parallel codes, and one at right angles to both: one pair of three has cosine 1.

    >>> from advnets.testing import play_of
    >>> codes = tf.constant([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> def said(x):
    ...     return {"energy": tf.zeros([3]), "features": x}
    >>> PullingAway(weight=1.0)(play_of(said, codes, codes)).numpy()
    array([0.5, 0.5, 0. ], dtype=float32)
    """

    player = "generator"
    requires = ("features",)

    @validated_by(PullingAwayParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 0.1):
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return w/(N−1) Σ_{j≠i} cos(S_i, S_j)², float32 ``[N]``; 0 for a batch of one."""
        codes = tf.cast(play.fake.features, tf.float32)
        codes = tf.reshape(codes, [tf.shape(codes)[0], -1])
        directions = tf.math.l2_normalize(codes, axis=1)
        everyone = gather(directions)
        squared_cosines = tf.square(tf.matmul(directions, everyone, transpose_b=True))
        with_itself = tf.square(tf.reduce_sum(tf.square(directions), axis=1))
        others = tf.cast(tf.maximum(tf.shape(everyone)[0] - 1, 1), tf.float32)
        return self.weight() * (tf.reduce_sum(squared_cosines, axis=1) - with_itself) / others
