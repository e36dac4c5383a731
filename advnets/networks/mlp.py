"""Build a multilayer perceptron, for either player and for data of any shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from ..builtin.networks import MlpParameters
from ..recipe.validated import validated_by
from .context import NetworkContext
from .heads import Space, Words
from .stack import hidden_layers, output_layers
from .weights import load_last_layers


@validated_by(MlpParameters)
def mlp(
    context: NetworkContext,
    *,
    layers: Sequence[int | Mapping[str, Any]] = (),
    activation: str = "relu",
    slope: float = 0.2,
    bias: float = 0.0,
    batch_norm: str = "none",
    synchronized: bool = False,
    dropout: Sequence[float] = (),
    output: Mapping[str, Any] | None = None,
    pretrained: Mapping[str, Any] | None = None,
    heads: Mapping[str, Space] | None = None,
    features: bool = False,
    logits: str = "linear",
    **network: Any,
) -> keras.Model:
    """Build fully connected hidden layers and an output layer.

    Args:
        context: Shapes, the data's mean, the seed.
        layers: Hidden layers: a number of units, or a mapping with ``units`` and, each of
            them optional, ``activation``, ``bias``, ``batch_norm``, ``irange``, ``stddev``,
            ``sparse`` and ``max_col_norm``.
        activation: Of hidden layers that name none.
        slope: Of ``leaky_relu`` below zero.
        bias: Initial bias of hidden layers that name none.
        batch_norm: ``none``, ``before`` or ``after`` the activation of hidden layers.
        synchronized: Whether its statistics are those of the global batch
            (:class:`advnets.networks.BatchNorm`).
        dropout: Rates at the input of each layer, the output layer's last.
        output: ``activation``, ``bias`` (a number or ``marginals``), start and norm bound.
        pretrained: ``file`` and ``sha256`` of weights that the last layers start from
            (:func:`advnets.networks.load_last_layers`).
        heads: What a discriminator says besides its logits, and in which space each
            (:class:`advnets.networks.heads.Words`).
        features: Whether it returns its last hidden layer as well.
        logits: ``linear``, or ``log_sum_exp`` of the one head of classes.
        network: ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` of layers that give none.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32; a dictionary with
        ``logits``, heads and ``features`` where these are asked for.

    Raises:
        UsageError: If the pretrained weights are missing or do not fit.
        DataError: If the data's mean is needed and the output cannot take it.

    >>> model = mlp(NetworkContext("generator", (2,), (4, 4, 1)), layers=[3])
    >>> model.output_shape, model.count_params()  # 2·3 + 3 + 3·16 + 16
    ((None, 4, 4, 1), 73)
    """
    inputs = context.inputs()
    x = hidden_layers(
        context.joined(inputs), context, layers, network,
        activation=activation, slope=slope, bias=bias, dropout=dropout,
        batch_norm=batch_norm, synchronized=synchronized,
    )  # fmt: skip
    said = output_layers(
        x, context, output, network, Words(heads or {}, features, logits),
        dropout=dropout, index=len(layers), slope=slope,
    )  # fmt: skip
    model = context.model(inputs, said)
    if pretrained is not None:
        load_last_layers(model, pretrained["file"], pretrained.get("sha256"))
    return model
