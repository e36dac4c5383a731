"""Conditions that say which real examples are read with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import advnets
from advnets.data import Field
from advnets.game import Batch, Condition, GameContext, state


class Balanced(Condition):
    """The batch's own label, every class as often, however many examples it has.

    Draws a class, then one of its examples: what a table's rare values need.
    """

    def __init__(self, context: GameContext):
        self.field, self.fields = context.class_field("label"), ("label",)
        self.context = context

    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        labels = self.context.values("label")
        classes = int(labels.max()) + 1
        order = tf.constant(np.argsort(labels, kind="stable"), tf.int64)
        sizes = np.bincount(labels, minlength=classes)
        starts = tf.constant(np.cumsum(sizes) - sizes, tf.float32)
        u = draw.uniform(stream, (2,), examples)
        chosen = tf.minimum(tf.cast(u[:, 0] * classes, tf.int64), classes - 1)
        size = tf.gather(tf.constant(sizes, tf.float32), chosen)
        place = tf.gather(starts, chosen) + tf.minimum(tf.floor(u[:, 1] * size), size - 1.0)
        return tf.gather(order, tf.cast(place, tf.int64))

    def sample(
        self, draw: Any, stream: str, examples: Any, batch: Batch | None = None
    ) -> tf.Tensor:
        assert batch is not None
        return batch.fields["label"]


class Rows(Condition):
    """Reads what it is told to; tells nothing."""

    field = Field((), "float32")

    def sample(
        self, draw: Any, stream: str, examples: Any, batch: Batch | None = None
    ) -> tf.Tensor:
        return tf.zeros([examples])


class Outside(Rows):
    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        return tf.range(examples, dtype=tf.int64) + count - 1


class Few(Rows):
    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        return tf.range(examples - 1, dtype=tf.int64)


class Fickle(Rows):
    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        return tf.random.uniform([examples], maxval=count, dtype=tf.int64)


class Remembering(Rows):
    def __init__(self) -> None:
        self.last = state(0.0)

    def indices(self, draw: Any, stream: str, examples: int, count: int) -> tf.Tensor:
        return tf.zeros([examples], tf.int64)


@advnets.hookimpl
def advnets_conditions() -> list[advnets.Component]:
    names = ("balanced", "outside", "few", "fickle", "remembering")
    return [advnets.Component(f"{n}_rows", f"{__name__}:{n.capitalize()}") for n in names]
