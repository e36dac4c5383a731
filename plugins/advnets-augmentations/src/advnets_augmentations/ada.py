"""Augment with a probability that follows how sure D is of its data: ADA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import GameContext, Play, gather, state
from advnets.random import Draw

from .composed import Composed
from .hooks import AdaParameters


class Ada(Composed):
    """Apply each map to an example with the probability p, which follows D's overfitting.

    D is taken to overfit where it is sure of its data: r = E sign C(x) is 0 where C knows nothing
    of them, and 1 where it takes them all for real. Every so many rounds p ← p + sign(r − target)
    N / images, in [0, 1], with r the mean over those rounds and N the real examples that r is of:
    of as many as ``images`` p goes from 0 to 1. They are those of the last step of D in a round,
    before it moved: with k steps a round, a k-th of what D is trained on.

    p, and the sum that r is made of, are in every checkpoint; p is logged as ``augmentation_p``.
    Maps that D cannot tell from the data's own variety leak into what G makes where p is near 1.

    Args:
        maps: Augmentations, one after the other; names of some where there is a context.
        target: Of r; 0.6 in the paper.
        images: Real images in which p can go from 0 to 1; 500,000 in the paper.
        interval: Rounds over which r is a mean; 4 in the paper.
        context: Of a run, which makes those that are named.

    Raises:
        UsageError: If one of the maps is no augmentation.

    Source: Karras et al. 2020 (arXiv:2006.06676), section 3.

    >>> from advnets.game import Mirror
    >>> x = tf.reshape(tf.range(4.0), [1, 1, 4, 1])
    >>> ada = Ada([Mirror()])
    >>> float(ada.p), bool(tf.reduce_all(ada(x, Draw(1, 0), "ada") == x))
    (0.0, True)
    """

    requires = ("logits",)
    reads_signs = True

    @validated_by(AdaParameters)
    def __init__(
        self,
        maps: Sequence[Any] = ("mirror", "translation", "colour"),
        target: float = 0.6,
        images: int = 500_000,
        interval: int = 4,
        *,
        context: GameContext | None = None,
    ):
        super().__init__(maps, context)
        self.target, self.images, self.interval = target, images, interval
        self.p = state(0.0)
        self.signs, self.examples = state(0.0), state(0.0)
        self.rounds = state(0, tf.int64)

    def choose(self, made: tf.Tensor, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return what a map made of the examples that are chosen, and the others as they were."""
        ones = (1,) * (len(x.shape) - 1)
        return tf.where(draw.uniform(f"{stream}/chosen", ones, tf.shape(x)[0]) < self.p, made, x)

    def update(self, play: Play) -> None:
        """Count the signs of C(x), and move p at the end of an interval."""
        super().update(play)
        signs = tf.sign(gather(tf.cast(play.real.logits, tf.float32)))
        now = tf.cast(tf.shape(signs)[0], tf.float32)
        rounds, examples = self.rounds + 1, self.examples + now
        total = self.signs + now * tf.reduce_mean(signs)
        whole = rounds >= self.interval
        step = tf.sign(total / examples - self.target) * examples / float(self.images)
        moved = tf.clip_by_value(self.p + step, 0.0, 1.0)
        self.p.assign(tf.where(whole, moved, self.p))
        self.signs.assign(tf.where(whole, 0.0, total))
        self.examples.assign(tf.where(whole, 0.0, examples))
        self.rounds.assign(tf.where(whole, tf.zeros_like(rounds), rounds))

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return p, as ``augmentation_p``, and what the maps log."""
        p = tf.fill([tf.shape(play.real.logits)[0]], self.p)
        return {**super().observe(play), "augmentation_p": p}
