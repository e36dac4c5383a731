"""Build fully connected layers and one transposed convolution: a "deconvolutional" generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from ..builtin.networks import TransposedConvParameters
from ..recipe.validated import validated_by
from .context import NetworkContext
from .layers import Dense, UntiedBias
from .stack import (
    OUTPUT,
    activate_output,
    activation_layer,
    choose_weights,
    filter_initializer,
    hidden_layers,
    image_shape,
    kernel_arguments,
    marginal_bias,
    take_vectors,
)


def grid_size(size: int, kernel: int, stride: int) -> int:
    """Return the least n for which n positions, ``stride`` apart, paint ``size`` pixels or more.

    (n − 1)·stride + kernel ≥ size.

    >>> grid_size(32, kernel=5, stride=3)  # CIFAR-10: exactly 32
    10
    >>> grid_size(28, kernel=5, stride=3)  # 29 pixels, of which the middle 28 are kept
    9
    """
    return max(0, -((kernel - size) // stride)) + 1


@validated_by(TransposedConvParameters)
def transposed_conv(
    context: NetworkContext,
    *,
    maps: Mapping[str, Any],
    layers: Sequence[int | Mapping[str, Any]] = (),
    activation: str = "relu",
    slope: float = 0.2,
    bias: float = 0.0,
    batch_norm: str = "none",
    synchronized: bool = False,
    kernel: int = 5,
    stride: int = 3,
    output: Mapping[str, Any] | None = None,
    **network: Any,
) -> keras.Model:
    """Build hidden layers, a fully connected layer of feature maps, a transposed convolution.

    The maps are just large enough for the data: :func:`grid_size` positions along each
    side. Where they paint more than that, the middle is kept.

    Args:
        context: Shapes (images: height, width, channels), the data's mean, the seed.
        maps: ``channels``, ``activation``, ``bias``, start and norm bound of the layer
            whose units are the maps' pixels.
        layers: Hidden layers before it, as in :func:`advnets.networks.mlp.mlp`, as are
            ``activation``, ``slope``, ``bias``, ``batch_norm`` and ``synchronized``.
        kernel: Width and height of the filters.
        stride: Pixels from one position of the maps to the next; no padding.
        output: ``activation``, ``bias`` (of every pixel on its own: "untied"), start.
        network: ``irange``, ``stddev``, ``sparse``, ``max_col_norm`` of layers that give none.

    Returns:
        A model from ``[N, latent]`` to ``[N, height, width, channels]``, float32.

    Raises:
        UsageError: If the data are not images, or if the generator takes images.

    >>> context = NetworkContext("generator", (100,), (32, 32, 3))
    >>> model = transposed_conv(context, maps={"channels": 80}, layers=[16])
    >>> model.get_layer("maps_shape").output.shape[1:]
    (10, 10, 80)
    """
    height, width, channels = image_shape(context.output_shape, "transposed_conv")
    maps = {"activation": "sigmoid", "bias": 0.0, **maps}
    output = OUTPUT | dict(output or {})
    inputs = take_vectors(context, "transposed_conv")
    x = hidden_layers(
        context.joined(inputs), context, layers, network,
        activation=activation, slope=slope, bias=bias,
        batch_norm=batch_norm, synchronized=synchronized,
    )  # fmt: skip
    grid = (grid_size(height, kernel, stride), grid_size(width, kernel, stride), maps["channels"])
    x = Dense(
        int(np.prod(grid)),
        bias_initializer=keras.initializers.Constant(float(maps["bias"])),
        **kernel_arguments(choose_weights(maps, network), context.seed_for("maps")),
        name="maps",
    )(x)
    x = activation_layer(maps["activation"], slope, name="maps_activation")(x)
    x = keras.layers.Reshape(grid, name="maps_shape")(x)
    x = keras.layers.Conv2DTranspose(
        channels,
        kernel,
        stride,
        padding="valid",
        use_bias=False,
        kernel_initializer=filter_initializer(output, network, context.seed_for("output")),
        name="output",
    )(x)
    above, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    below, right = x.shape[1] - height - above, x.shape[2] - width - left
    if (above, below, left, right) != (0, 0, 0, 0):
        x = keras.layers.Cropping2D(((above, below), (left, right)), name="middle")(x)
    added = UntiedBias(name="output_bias", dtype="float32")
    x = added(x)
    start: Any = output["bias"]
    if start == "marginals":
        start = marginal_bias(context, output["activation"]).reshape(context.output_shape)
    added.bias.assign(np.broadcast_to(np.asarray(start, "float32"), context.output_shape))
    x = activate_output(x, output["activation"], slope)
    return context.model(inputs, x)
