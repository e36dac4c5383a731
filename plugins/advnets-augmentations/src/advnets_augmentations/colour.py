"""Change brightness, saturation and contrast, of each image by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from advnets import UsageError, validated_by
from advnets.game import Augmentation, GameContext, check_images, scheduled
from advnets.random import Draw

from .hooks import ColourParameters

SYMMETRIC = (-1.0, 1.0)
"""What the paper's images lie in, and the range that data without one are taken for."""


class Colour(Augmentation):
    """Change an image's brightness, then its saturation, then its contrast.

    With x̄ a pixel's mean over the channels, m the mean of the whole image, and h half the width of
    the data's range, which is 1 for images in [−1, 1]:

    * x ← x + h b, b ~ U(−brightness, brightness);
    * x ← x̄ + s (x − x̄), s ~ U(1 − saturation, 1 + saturation);
    * x ← m + c (x − m), c ~ U(1 − contrast, 1 + contrast).

    b, s and c are drawn for each image by itself. Nothing is clipped: a clipped pixel would let no
    gradient through. With one channel x̄ is x, and saturation changes nothing.

    Args:
        brightness: A number, or a schedule; 0.5 in the paper. 0 leaves the step out.
        saturation: A number, or a schedule; 1 in the paper.
        contrast: A number, or a schedule; 0.5 in the paper.
        range: The ends of the interval that the networks' examples lie in; those of the run's
            data, else −1 and 1.
        context: Of a run, whose data have a range.

    Raises:
        UsageError: If the range is no interval.
        PluginError: When called, if examples are no images.

    Source: Zhao et al. 2020 (arXiv:2006.10738), "Color".

    >>> x = tf.constant([[[[0.2, 0.4, 0.9]]]])
    >>> brighter = Colour(0.5, 0.0, 0.0, range=(0.0, 1.0))(x, Draw(1, 0), "colour") - x
    >>> bool(tf.reduce_all(abs(brighter) <= 0.25)), float(tf.math.reduce_std(brighter)) < 1e-6
    (True, True)
    """

    geometric = False

    @validated_by(ColourParameters)
    def __init__(
        self,
        brightness: float | Mapping[str, Any] = 0.5,
        saturation: float | Mapping[str, Any] = 1.0,
        contrast: float | Mapping[str, Any] = 0.5,
        range: tuple[float, float] | None = None,
        *,
        context: GameContext | None = None,
    ):
        self.brightness = scheduled(brightness)
        self.saturation = scheduled(saturation)
        self.contrast = scheduled(contrast)
        ends = range or (context.range if context is not None else None) or SYMMETRIC
        if not isinstance(ends, Sequence) or len(ends) != 2 or not ends[0] < ends[1]:
            raise UsageError(
                f"Colour's range is {ends!r:.100}; the ends of an interval were expected",
                hint="range=(0.0, 1.0)",
            )
        self.range = (ends[0], ends[1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again, with the range of the run's data."""
        given = {k: v for k, v in super().get_config().items() if k != "context"}
        return {**given, "range": self.range}

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return the images, in other colours; see :meth:`advnets.game.Augmentation.__call__`."""
        check_images(self, x)
        low, high = self.range
        u = 2.0 * draw.uniform(stream, (3, 1, 1, 1), tf.shape(x)[0]) - 1.0
        x = x + 0.5 * (high - low) * self.brightness() * u[:, 0]
        x = _stretch(x, 1.0 + self.saturation() * u[:, 1], [3])
        return _stretch(x, 1.0 + self.contrast() * u[:, 2], [1, 2, 3])


def _stretch(x: tf.Tensor, factor: tf.Tensor, axes: list[int]) -> tf.Tensor:
    """Return m + factor (x − m), m being the mean over the axes."""
    mean = tf.reduce_mean(x, axes, keepdims=True)
    return mean + factor * (x - mean)
