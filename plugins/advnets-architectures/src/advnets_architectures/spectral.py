"""Build any network with spectral normalisation of its kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from advnets import validated_by
from advnets.errors import UsageError
from advnets.networks import NetworkContext

from .hooks import SpectralParameters
from .spectral_norm import SpectralNorm


@validated_by(SpectralParameters)
def spectral(
    context: NetworkContext, *, network: str | Mapping[str, Any] = "mlp", iterations: int = 1
) -> keras.Model:
    """Build a network whose kernels W are used as W/σ(W), for either player or an encoder.

    Heads and features are those of the network inside.

    Args:
        context: Shapes and the seed.
        network: What is normalised: an architecture by name, with its parameters; by hand also
            a Keras model, or a function that makes one of a context.
        iterations: Of the power method, in each call in training.

    Returns:
        A model that takes and returns what the network does.

    Raises:
        UsageError: If the network is normalised already, if it has no kernels, or weights that may
            be kernels or not (:class:`SpectralNorm` says what counts as one).

    Source: Miyato et al. 2018 (arXiv:1802.05957), algorithm 1.

    >>> def linear(context):
    ...     inputs = context.inputs()
    ...     return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))
    >>> model = spectral(NetworkContext("discriminator", (3,)), network=linear, iterations=5)
    >>> x = keras.ops.eye(3)
    >>> _ = model(x, training=True)
    >>> round(float(keras.ops.norm(model(x))), 4)  # of W/σ(W) alone: its bias is 0
    1.0
    """
    inner = context.make("architectures", network)
    layer = SpectralNorm(inner, iterations, context.seed_for("u"), name="spectral_norm")
    if any(isinstance(each, SpectralNorm) for each in inner._flatten_layers()):
        raise UsageError(
            f"the {context.name} is normalised twice: {inner.name!r} is made by `spectral`, or has "
            "layers that are",
            hint="name what is inside instead: `network: mlp`",
        )
    inputs = context.inputs()
    try:
        layer.build(getattr(inner, "input_shape", None))  # a class of a model has none
    except ValueError as error:
        raise UsageError(
            f"the {context.name} cannot be normalised: {error}",
            hint="wrap a network of dense or convolutional layers; a layer of one's own calls "
            "what it multiplies by `kernel`, and what it adds `bias`",
        ) from error
    return context.model(inputs, layer(inputs if len(inputs) > 1 else next(iter(inputs.values()))))
