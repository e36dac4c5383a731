"""Build a network of maxout layers: the discriminator of Goodfellow et al. 2014."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from .context import NetworkContext
from .stack import flatten, maxout_layers, output_layer


def maxout(
    context: NetworkContext,
    *,
    layers: Sequence[int | Mapping[str, Any]],
    pieces: int = 5,
    dropout: Sequence[float] = (),
    output: Mapping[str, Any] | None = None,
    **network: Any,
) -> keras.Model:
    """Build maxout layers and a linear output layer, each with dropout on its input.

    Args:
        context: Shapes and the seed.
        layers: A number of units each, or a mapping with ``units`` and optionally
            ``pieces``, ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` (per piece).
        pieces: Linear pieces per unit of layers that name none.
        dropout: Rates at the input of each layer, the output layer's last: [0.2, 0.5, 0.5]
            in the paper, whose "keep" is 0.8 and 0.5.
        output: ``activation``, ``bias``, start and norm bound of the output layer. A
            discriminator's is linear: its output is the logit of D(x).
        network: ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` of layers that give none.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32.

    >>> context = NetworkContext("discriminator", (28, 28, 1))
    >>> maxout(context, layers=[240, 240], irange=0.005).count_params()
    1231441
    """
    inputs = keras.Input(context.input_shape, name="input")
    x = flatten(inputs)
    x = maxout_layers(x, context, layers, network, pieces=pieces, dropout=dropout)
    return keras.Model(inputs, output_layer(x, context, output, network), name=context.role)
