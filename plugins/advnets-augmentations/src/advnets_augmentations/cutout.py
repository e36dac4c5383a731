"""Cut a square out of each image."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Augmentation, check_images
from advnets.random import Draw

from .hooks import CutoutParameters


class Cutout(Augmentation):
    """Set a rectangle of each image to 0: x ⊙ (1 − M).

    M is 1 in round(share · H) × round(share · W) pixels whose middle is uniform over the image, so
    that part of them may lie outside and then cut nothing. 0 is a mid-grey where data lie in
    [−1, 1], and black where they lie in [0, 1].

    Args:
        share: Of height and of width, in (0, 1]; ½ in the paper.

    Raises:
        PluginError: When called, if examples are no images.

    Source: DeVries and Taylor 2017 (arXiv:1708.04552); for both players, Zhao et al. 2020
    (arXiv:2006.10738), "Cutout".

    >>> cut = Cutout(0.5)(tf.ones([200, 8, 8, 1]), Draw(seed=1, step=0), "cutout")
    >>> sorted({int(rows) for rows in tf.reduce_sum(1 - tf.reduce_min(cut, 2), [1, 2])})
    [2, 3, 4]
    """

    geometric = False

    @validated_by(CutoutParameters)
    def __init__(self, share: float = 0.5):
        self.share = share

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return the images, cut; see :meth:`advnets.game.Augmentation.__call__`."""
        check_images(self, x)
        u = draw.uniform(stream, (2,), tf.shape(x)[0])
        rows, columns = (_within(u[:, i], x.shape[1 + i], self.share) for i in (0, 1))
        kept = 1.0 - tf.cast(rows[:, :, None] & columns[:, None], x.dtype)
        return x * kept[..., None]


def _within(u: tf.Tensor, side: int, share: float) -> tf.Tensor:
    """Return which of so many pixels lie in the cut that u places, bool ``[n, side]``."""
    length = max(1, round(share * side))
    # The middle of an even length lies between two pixels, of which there is one more.
    places = side + 1 - length % 2
    first = tf.cast(tf.floor(u * places), tf.int32)[:, None] - length // 2
    pixels = tf.range(side)[None]
    return (pixels >= first) & (pixels < first + length)
