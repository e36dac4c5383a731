"""Resize images in a TensorFlow graph."""

from __future__ import annotations

from typing import Any


def resize(image: Any, height: int, width: int) -> Any:
    """Resize the largest central part of a shape, in the graph that reads the data set."""
    import tensorflow as tf

    rows, columns = tf.shape(image)[0], tf.shape(image)[1]
    high = tf.maximum(tf.minimum(rows, columns * height // width), 1)
    wide = tf.maximum(tf.minimum(columns, rows * width // height), 1)
    part = tf.image.crop_to_bounding_box(
        image, (rows - high) // 2, (columns - wide) // 2, high, wide
    )
    resized = tf.image.resize(part, (height, width), antialias=True)
    if not image.dtype.is_floating:
        resized = tf.clip_by_value(tf.round(resized), 0, image.dtype.max)
    return tf.cast(resized, image.dtype)
