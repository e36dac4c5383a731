"""Smooth the labels of real examples, as a term of D's loss."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Penalty, Play

from .hooks import LabelSmoothingParameters


class LabelSmoothing(Penalty):
    """Let the discriminator call real examples real by 1 − s only: add s C(x) to its loss.

    With C the log-odds, the cross-entropy of D with the label 1 − s is

        −(1 − s) log D(x) − s log(1 − D(x)) = sp(−C(x)) + s C(x)

    and sp(−C(x)) = −log D(x) is what a logistic loss has already; sp is the softplus. Labels of
    generated examples stay 0, or D's optimum would follow G's density where there are no data.
    A game whose loss takes C for no log-odds (hinge, least squares, Wasserstein) refuses it, and so
    does one that weighs −log D(x) by w ≠ 1: the label would be 1 − s/w.

    Args:
        share: s, which real examples lack to 1: of 0.1, their label is 0.9.

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 3.4.

    >>> from advnets.testing import play_of
    >>> x = tf.constant([[2.0], [-1.0]])
    >>> LabelSmoothing(share=0.1)(play_of(lambda x: x[:, 0], x, x)).numpy()
    array([ 0.2, -0.1], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)
    log_odds = True

    @validated_by(LabelSmoothingParameters)
    def __init__(self, share: float = 0.1):
        self.share = share

    def __call__(self, play: Play) -> tf.Tensor:
        """Return s C(x), float32 ``[N]``, the mean over the parts that D judges."""
        logits = play.real.logits
        return self.share * tf.reduce_mean(logits, axis=list(range(1, len(logits.shape))))
