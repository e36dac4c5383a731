"""Build a network of maxout layers: the discriminator of Goodfellow et al. 2014."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from ..builtin.networks import MaxoutParameters
from ..recipe.validated import validated_by
from .context import NetworkContext
from .heads import Space, Words
from .stack import maxout_layers, output_layers


@validated_by(MaxoutParameters)
def maxout(
    context: NetworkContext,
    *,
    layers: Sequence[int | Mapping[str, Any]],
    pieces: int = 5,
    dropout: Sequence[float] = (),
    output: Mapping[str, Any] | None = None,
    heads: Mapping[str, Space] | None = None,
    features: bool = False,
    logits: str = "linear",
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
        heads: What a discriminator says besides its logits, and in which space each
            (:class:`advnets.networks.heads.Words`).
        features: Whether it returns its last hidden layer as well.
        logits: ``linear``, or ``log_sum_exp`` of the one head of classes.
        network: ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` of layers that give none.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32; a dictionary with
        ``logits``, heads and ``features`` where these are asked for.

    >>> context = NetworkContext("discriminator", (28, 28, 1))
    >>> maxout(context, layers=[240, 240], irange=0.005).count_params()
    1231441
    """
    inputs = context.inputs()
    x = context.joined(inputs)
    x = maxout_layers(x, context, layers, network, pieces=pieces, dropout=dropout)
    words = Words(heads or {}, features, logits)
    said = output_layers(x, context, output, network, words, dropout=dropout, index=len(layers))
    return context.model(inputs, said)
