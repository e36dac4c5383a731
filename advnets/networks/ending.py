"""Find out in which activation a network ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from ..data.ranges import ACTIVATIONS

PASSING = {
    *("reshape", "flatten", "permute", "transpose", "squeeze", "expanddims", "getitem", "cast"),
    *("cropping1d", "cropping2d", "cropping3d", "upsampling1d", "upsampling2d", "upsampling3d"),
    *("identity", "dropout", "repeatvector"),
}
"""Layers and operations that change no value, or none outside of training."""


def graph_output(network: keras.Model) -> Any:
    """Return what a graph of layers returns, symbolically, one thing or several by name.

    >>> graph_output(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])).shape
    (None, 2)
    """
    output = getattr(network, "output", None)
    outputs = getattr(network, "outputs", None)  # all that a Sequential has
    return outputs[0] if output is None and outputs else output


def last_activation(network: keras.Model, word: str = "") -> str | None:
    """Return the name of the activation that a network ends in, as Keras calls it.

    Layers that reshape are passed over, and networks within networks are looked into.

    Args:
        network: A Keras model.
        word: Which of several outputs by name.

    Returns:
        ``linear`` where the last layer has none; ``None`` where it cannot be told: of a
        model that is no graph of layers, or where the last layer is one of its author's own.

    >>> x = keras.Input((3,))
    >>> layers = keras.layers.Dense(4, "sigmoid"), keras.layers.Reshape((2, 2))
    >>> last_activation(keras.Sequential([x, *layers])), last_activation(keras.Model(x, x))
    ('sigmoid', None)
    """
    output = graph_output(network)
    if isinstance(output, Mapping):
        output = output.get(word)
    while isinstance(output, keras.KerasTensor):
        operation, node, index = output._keras_history
        if isinstance(operation, keras.Model):
            output = (getattr(operation, "outputs", None) or [None] * (index + 1))[index]
            continue
        name = _activation_of(operation)
        passing = type(operation).__name__.lower() in PASSING
        alone = isinstance(operation, keras.layers.Activation) and name == "linear"
        if not (passing or alone):
            return name
        output = operation._inbound_nodes[node].input_tensors[0]
    return None


def _activation_of(operation: Any) -> str | None:
    """Return the activation of a layer or an operation; ``None`` if it says nothing of one."""
    if hasattr(operation, "activation"):
        chosen = operation.activation
        name = "linear" if chosen is None else getattr(chosen, "__name__", None)
        if name is not None:
            return name if hasattr(keras.activations, name) else None
        operation = chosen  # a layer
    if getattr(operation, "negative_slope", 0.0):
        return "leaky_relu"
    own = type(operation).__name__.lower()
    return next((known for known in ACTIVATIONS if known.replace("_", "") == own), None)
