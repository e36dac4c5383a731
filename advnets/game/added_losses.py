"""Collect what Keras adds to a loss: regularisers of weights and activities, ``add_loss``.

A layer keeps what it adds until the next call of its network, which a critic's call, another
replica's or the other player's may be. So layers are made to hand it to whoever called the
network instead.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf

_collected: contextvars.ContextVar[list[tf.Tensor] | None] = contextvars.ContextVar(
    "advnets_added_losses", default=None
)


class _Adding:
    """Stand for the method ``add_loss`` of a layer."""

    def __init__(self, layer: keras.layers.Layer):
        self._keras = layer.add_loss

    def __call__(self, loss: Any) -> None:
        found = _collected.get()
        if found is None:
            self._keras(loss)
        else:
            found += [tf.cast(each, tf.float32) for each in tf.nest.flatten(loss)]


def hand_over_added_losses(network: keras.Model) -> None:
    """Let the layers of a network hand over what they add to the loss, inside of :func:`added`."""
    for layer in network._flatten_layers():
        if not isinstance(vars(layer).get("add_loss"), _Adding):
            layer.add_loss = _Adding(layer)


@contextlib.contextmanager
def added() -> Iterator[list[tf.Tensor]]:
    """Collect what the layers of networks that are called inside add to the loss, float32 scalars.

    >>> x = keras.Input((2,))
    >>> network = keras.Model(x, keras.layers.ActivityRegularization(l2=0.5)(x))
    >>> hand_over_added_losses(network)
    >>> with added() as losses:
    ...     _ = network(tf.constant([[1.0, 1.0], [1.0, 3.0]]))
    >>> [float(loss) for loss in losses]  # 0.5 (1 + 1 + 1 + 9) / 2
    [3.0]
    """
    losses: list[tf.Tensor] = []
    token = _collected.set(losses)
    try:
        yield losses
    finally:
        _collected.reset(token)


def regularise(variables: Iterable[Any]) -> list[tf.Tensor]:
    """Return what the regularisers of Keras variables say of their values, float32 scalars.

    >>> layer = keras.layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones")
    >>> layer.build((None, 3))
    >>> [round(float(loss), 4) for loss in regularise(layer.trainable_variables)]  # 0.01 · 3
    [0.03]
    """
    found = [v for v in variables if getattr(v, "regularizer", None) is not None]
    return [tf.cast(v.regularizer(v), tf.float32) for v in found]
