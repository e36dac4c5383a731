"""A multilayer perceptron, for either player and for data of any shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from .context import NetworkContext
from .layers import Dense
from .stack import activation_layer, dropped, flat, kernel_arguments, output_layer, weights


def mlp(
    context: NetworkContext,
    *,
    layers: Sequence[int | Mapping[str, Any]] = (),
    activation: str = "relu",
    slope: float = 0.2,
    bias: float = 0.0,
    batch_norm: str = "none",
    dropout: Sequence[float] = (),
    output: Mapping[str, Any] | None = None,
    **network: Any,
) -> keras.Model:
    """Fully connected hidden layers and an output layer.

    Args:
        context: Shapes, the data's mean, the seed.
        layers: Hidden layers: a number of units, or a mapping with ``units`` and, each of
            them optional, ``activation``, ``bias``, ``batch_norm``, ``irange``, ``stddev``,
            ``sparse`` and ``max_col_norm``.
        activation: Of hidden layers that name none.
        slope: Of ``leaky_relu`` below zero.
        bias: Initial bias of hidden layers that name none.
        batch_norm: ``none``, ``before`` or ``after`` the activation of hidden layers.
        dropout: Rates at the input of each layer, the output layer's last.
        output: ``activation``, ``bias`` (a number or ``marginals``), start and norm bound.
        network: ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` of layers that give none.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32.

    >>> model = mlp(NetworkContext("generator", (2,), (4, 4, 1)), layers=[3])
    >>> model.output_shape, model.count_params()  # 2·3 + 3 + 3·16 + 16
    ((None, 4, 4, 1), 73)
    """
    output = {"activation": "linear", "bias": 0.0, **(output or {})}
    inputs = keras.Input(context.input_shape, name="input")
    x = flat(inputs)
    for index, layer in enumerate(layers):
        own: Mapping[str, Any] = {"units": layer} if isinstance(layer, int) else layer
        name = f"hidden_{index}"
        norm = _first(own.get("batch_norm"), batch_norm)
        x = dropped(x, dropout, index, context)
        x = Dense(
            own["units"],
            bias_initializer=keras.initializers.Constant(float(_first(own.get("bias"), bias))),
            **kernel_arguments(weights(own, network), context.seed_for(name)),
            name=name,
        )(x)
        if norm == "before":
            x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
        chosen = _first(own.get("activation"), activation)
        if chosen != "linear":
            x = activation_layer(chosen, slope, name=f"{name}_activation")(x)
        if norm == "after":
            x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    x = dropped(x, dropout, len(layers), context)
    return keras.Model(inputs, output_layer(x, context, output, network, slope), name=context.role)


def _first(own: Any, default: Any) -> Any:
    return default if own is None else own
