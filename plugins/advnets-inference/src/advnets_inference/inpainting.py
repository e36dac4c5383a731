"""Paint what is hidden of an example."""

from __future__ import annotations

import tensorflow as tf

from advnets import validated_by
from advnets.game import Encounter, Scene, Side

from .hooks import InpaintingParameters


class Inpainting(Encounter):
    """Let D tell x from m x + (1 − m) G(z, m x, m): G paints what is hidden, the rest stays.

    One G of shared parameters learns p(x_S | x_rest) for all subsets S that the condition
    ``mask`` draws. G is told (m x, m), D may be; grids show x, what is seen, what is painted.

    Args:
        field: The field that holds (m x, m), ``[H, W, C + 1]``.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), section 7, extension 3; Pathak et al.
    2016 (arXiv:1604.07379), section 3.

    >>> visible, seen = split_told(tf.constant([[[[7.0, 1.0], [0.0, 0.0]]]]))
    >>> visible.numpy().ravel().tolist(), seen.numpy().ravel().tolist()
    ([7.0, 0.0], [1.0, 0.0])
    """

    @validated_by(InpaintingParameters)
    def __init__(self, field: str = "mask"):
        self.field = field

    def fake(self, scene: Scene) -> Side:
        """Return what G paints, with what is seen put back."""
        fake = super().fake(scene)
        visible, seen = split_told(fake.fields[self.field])
        return fake.having(example=visible + (1.0 - seen) * fake.example)

    def columns(self, scene: Scene, side: Side) -> dict[str, tf.Tensor | None]:
        """Return x, what is seen of it on grey, and what is painted."""
        visible, seen = split_told(side.fields[self.field])
        grey = visible + (1.0 - seen) * 0.5
        return {"original": scene.batch.examples, "seen": grey, "painted": side.example}


def split_told(told: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return m x ``[n, H, W, C]`` and m ``[n, H, W, 1]`` of (m x, m)."""
    return told[..., :-1], told[..., -1:]
