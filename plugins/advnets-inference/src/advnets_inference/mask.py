"""Hide a part of an image, at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from advnets import DataError, UsageError, validated_by
from advnets.data import Field
from advnets.game import Batch, Condition, GameContext
from advnets.random import Draw

from .hooks import MaskParameters

SIDES = ("left", "right", "top", "bottom")


class Mask(Condition):
    r"""Tell of an image x what is seen, and where: (m x, m), ``[H, W, C + 1]``.

    m is 0 where x is hidden and 1 elsewhere, drawn for every example by itself:

    - ``left``, ``right``, ``top``, ``bottom``: the share of columns or rows on that side;
    - ``halves``: one of these four, each as often;
    - ``centre``: a rectangle in the middle with the share of all pixels, sides in proportion;
    - ``rectangles``: one of that share anywhere, of height aH and width (share / a) W,
      a ~ U(share, 1);
    - ``pixels``: each pixel with probability ``share``.

    Sides are rounded to whole pixels, one at least. Of several kinds each is as often.

    Args:
        kind: Which kind, or several.
        share: How much is hidden, in (0, 1).
        shape: Of x, ``[H, W, C]``; that of the run's data by default.
        context: Of a run, whose data have a shape.

    Raises:
        DataError: If examples are no images, ``[H, W, C]``.
        UsageError: If nothing says what x is.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), section 7, extension 3: one net of
    shared parameters for the conditionals of all subsets; Pathak et al. 2016
    (arXiv:1604.07379), section 3.3, for central and random regions.

    >>> mask = Mask("left", shape=(2, 4, 1))
    >>> drawn = mask.sample(Draw(1, 0), "mask", 1, Batch(tf.ones([1, 2, 4, 1]) * 7.0))
    >>> drawn[0, ..., 0].numpy().tolist()
    [[0.0, 0.0, 7.0, 7.0], [0.0, 0.0, 7.0, 7.0]]
    """

    of_example = True

    @validated_by(MaskParameters)
    def __init__(
        self,
        kind: str | Sequence[str] = "halves",
        share: float = 0.5,
        shape: Sequence[int] | None = None,
        *,
        context: GameContext | None = None,
    ):
        if shape is None:
            if context is None:
                raise UsageError("the shape of images is needed", hint="Mask(shape=(28, 28, 1))")
            shape = context.spec.shape
        if len(shape) != 3:
            raise DataError(
                "a mask hides a part of an image, [H, W, C]; examples are of the shape "
                f"{tuple(shape)}",
                hint="choose a data set of images",
            )
        self.kinds, self.share = (kind,) if isinstance(kind, str) else tuple(kind), share
        self.height, self.width, channels = shape
        self.field = Field((self.height, self.width, channels + 1), "float32", kind="image")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again, with the shape of the run's data."""
        shape = (*self.field.shape[:2], self.field.shape[2] - 1)
        return {"kind": list(self.kinds), "share": self.share, "shape": list(shape)}

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Draw (m x, m) for the batch's examples, float32 ``[n, H, W, C + 1]``.

        Raises:
            DataError: Where there are no examples.
        """
        if batch is None:
            raise DataError(
                "a mask is of real examples, and there are none here", hint="given={'mask': …}"
            )
        seen = self.draw_seen(draw, stream, examples)
        return tf.concat([seen * tf.cast(batch.examples, tf.float32), seen], axis=-1)

    def draw_seen(self, draw: Draw, stream: str, examples: int | tf.Tensor) -> tf.Tensor:
        """Draw m, where x is seen: float32 ``[n, H, W, 1]`` of 0 and 1."""
        u = draw.uniform(stream, (4,), examples)
        drawn = [self._hidden(kind, u, draw, stream, examples) for kind in self.kinds]
        which = _choose(u[:, 0], len(drawn))
        hidden = tf.zeros_like(drawn[0])
        for index, one in enumerate(drawn):
            hidden |= one & (which == index)[:, None, None]
        return 1.0 - tf.cast(hidden, tf.float32)[..., None]

    def _hidden(
        self, kind: str, u: tf.Tensor, draw: Draw, stream: str, examples: int | tf.Tensor
    ) -> tf.Tensor:
        """Return where x is hidden by one kind, bool ``[n, H, W]``."""
        size = (self.height, self.width)
        if kind == "pixels":
            return draw.uniform(f"{stream}/pixels", size, examples) < self.share
        h, w = (tf.fill(tf.shape(u)[:1], side) for side in size)
        top = left = tf.zeros_like(h)
        if kind in ("halves", *SIDES):
            side = _choose(u[:, 1], 4) if kind == "halves" else SIDES.index(kind)
            rows, columns = (_part(self.share, side) for side in size)
            upright = tf.less(side, 2)  # columns are hidden
            h = tf.where(upright, h, rows)
            w = tf.where(upright, columns, w)
            left = tf.where(tf.equal(side, 1), self.width - columns, left)
            top = tf.where(tf.equal(side, 3), self.height - rows, top)
        elif kind == "centre":
            part = self.share**0.5
            h, w = (tf.fill(tf.shape(u)[:1], _part(part, side)) for side in size)
            top, left = (self.height - h) // 2, (self.width - w) // 2
        else:
            a = self.share + (1.0 - self.share) * u[:, 1]
            h, w = _part(a, self.height), _part(self.share / a, self.width)
            top, left = _place(u[:, 2], self.height - h), _place(u[:, 3], self.width - w)
        return _within(top, h, self.height)[:, :, None] & _within(left, w, self.width)[:, None, :]


def _part(share: float | tf.Tensor, of: int) -> tf.Tensor:
    """Return a share of ``of`` pixels, rounded, from 1 to ``of``."""
    return tf.clip_by_value(tf.cast(tf.floor(share * float(of) + 0.5), tf.int32), 1, of)


def _choose(u: tf.Tensor, of: int) -> tf.Tensor:
    """Return a number from 0 to ``of`` − 1 for each u in [0, 1), int32."""
    return tf.minimum(tf.cast(u * of, tf.int32), of - 1)


def _place(u: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
    """Return a number from 0 to ``last``, which each u has its own of."""
    return tf.minimum(tf.cast(u * (tf.cast(last, tf.float32) + 1.0), tf.int32), last)


def _within(first: tf.Tensor, length: tf.Tensor, of: int) -> tf.Tensor:
    """Return which of ``of`` pixels lie in a stretch, bool ``[n, of]``."""
    pixel, first = tf.range(of)[None], first[:, None]
    return (pixel >= first) & (pixel < first + length[:, None])
