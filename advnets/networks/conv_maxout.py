"""Build convolutional maxout: the discriminator of the paper's second CIFAR-10 experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from ..builtin.networks import ConvMaxoutParameters
from ..errors import UsageError
from ..recipe.validated import validated_by
from .context import NetworkContext, flatten
from .heads import Space, Words
from .layers import ConvMaxout
from .stack import (
    STARTS,
    drop_inputs,
    filter_initializer,
    image_shape,
    join_maps,
    maxout_layers,
    output_layers,
)


@validated_by(ConvMaxoutParameters)
def conv_maxout(
    context: NetworkContext,
    *,
    convolutions: Sequence[Mapping[str, Any]],
    layers: Sequence[int | Mapping[str, Any]] = (),
    pieces: int = 5,
    dropout: Sequence[float] = (),
    output: Mapping[str, Any] | None = None,
    heads: Mapping[str, Space] | None = None,
    features: bool = False,
    logits: str = "linear",
    **network: Any,
) -> keras.Model:
    """Build convolutional maxout layers, fully connected ones, and a linear output layer.

    Args:
        context: Shapes (images: height, width, channels) and the seed.
        convolutions: Each with ``channels``, ``pieces``, ``kernel``, ``padding``, ``pool``,
            ``pool_stride``, and optionally ``irange`` or ``stddev``.
        layers: Fully connected maxout layers, as in :func:`advnets.networks.maxout.maxout`.
        pieces: Linear pieces per unit of fully connected layers that name none.
        dropout: Rates at the input of each layer, convolutions first, the output's last.
        output: As in :func:`advnets.networks.maxout.maxout`, as are ``heads``, ``features``
            and ``logits``.
        network: ``irange``, ``stddev`` of layers that give none; ``max_col_norm`` of the
            fully connected ones.

    Returns:
        A model from ``[N, height, width, channels]`` to ``[N, *output_shape]``, float32; a
        dictionary with ``logits``, heads and ``features`` where these are asked for.

    Raises:
        UsageError: If the data are not images, or too small for a filter.

    >>> context = NetworkContext("discriminator", (8, 8, 1))
    >>> one = {"channels": 2, "pieces": 2, "kernel": 3, "padding": 1, "pool": 2, "pool_stride": 2}
    >>> conv_maxout(context, convolutions=[one], layers=[4], pieces=2).count_params()
    309
    """
    size = image_shape(context.input_shape, "conv_maxout")[:2]
    inputs = context.inputs()
    x = join_maps(context, inputs, "conv_maxout")
    for index, layer in enumerate(convolutions):
        name = f"conv_maxout_{index}"
        if min(x.shape[1:3]) + 2 * layer["padding"] < layer["kernel"]:
            raise UsageError(
                f"convolution {index + 1} of conv_maxout has filters {layer['kernel']} wide; "
                f"of images of {size[0]}×{size[1]} pixels, {x.shape[1]}×{x.shape[2]} with a "
                f"padding of {layer['padding']} are left there",
                hint="make its kernel smaller or its padding larger, or use larger images",
            )
        x = drop_inputs(x, dropout, index, context)
        x = ConvMaxout(
            **{key: value for key, value in layer.items() if key not in STARTS},
            kernel_initializer=filter_initializer(layer, network, context.seed_for(name)),
            name=name,
        )(x)
    first = len(convolutions)
    x = maxout_layers(
        flatten(x), context, layers, network, pieces=pieces, dropout=dropout, first=first
    )
    words = Words(heads or {}, features, logits)
    said = output_layers(
        x, context, output, network, words, dropout=dropout, index=first + len(layers)
    )
    return context.model(inputs, said)
