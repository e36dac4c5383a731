"""Tell in which range a network's values lie, by its last activation."""

from __future__ import annotations

from typing import Any

import keras

RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""The least and the greatest value of activations that have both."""
KEEPING = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Identity,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
)
"""Layers that give values as they were given."""


def output_range(network: keras.Model) -> tuple[float, float] | None:
    """Return the least and the greatest value that a network gives; ``None`` where it isn't known.

    >>> layers = [keras.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Reshape((2, 2))]
    >>> output_range(keras.Sequential(layers))
    (-1.0, 1.0)
    >>> output_range(keras.Sequential(layers[:1] + [keras.layers.Dense(4)])) is None
    True
    """
    try:
        return _range_of(network.outputs[0])
    except (AttributeError, IndexError, TypeError):  # a subclass, which keeps no such record
        return None


def _range_of(tensor: Any) -> tuple[float, float] | None:
    operation, node, place = tensor._keras_history
    if isinstance(operation, keras.Model):
        return _range_of(operation.outputs[place])
    if isinstance(operation, KEEPING):
        return _range_of(operation._inbound_nodes[node].input_tensors[0])
    activation = getattr(operation, "activation", None)
    return RANGES.get(getattr(activation, "__name__", ""))
