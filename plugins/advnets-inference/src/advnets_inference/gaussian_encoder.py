"""Build an encoder that gives a Gaussian of the latent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from advnets import UsageError
from advnets.networks import NetworkContext


def gaussian_encoder(
    context: NetworkContext, layers: Sequence[int] = (256,), log_variance: float = -2.0
) -> keras.Model:
    r"""Return x → μ(x), s(x): the mean and the log-variance of N(μ, e^s), each of z's shape.

    Dense layers with leaky rectifiers (slope 0.2), and a linear layer for each output.

    Args:
        context: Of a role that gives ``mean`` and ``log_variance``.
        layers: Units of the hidden layers.
        log_variance: Where s starts: e^(−2/2) = 0.37 by default, so that codes tell of x.

    Raises:
        UsageError: If it is an encoder of something else than a latent.

    Source: Kingma and Welling 2014 (arXiv:1312.6114), appendix C.

    >>> from advnets.data import Field
    >>> fields = {"latent": Field((5,), "float32")}
    >>> context = NetworkContext("encoder", (8, 8, 1), (5,), fields=fields)
    >>> model = gaussian_encoder(context, [16])
    >>> {name: output.shape for name, output in model.output.items()}
    {'mean': (None, 5), 'log_variance': (None, 5)}
    """
    if "latent" not in context.fields:
        raise UsageError(
            "gaussian_encoder gives a mean and a log-variance of the latent, and there is none",
            hint="latent: {name: gaussian, size: 32}",
        )
    shape = context.fields["latent"].shape
    inputs = context.inputs()
    x = context.joined(inputs)
    for index, units in enumerate(layers):
        x = context.dense(units, f"hidden_{index}", "leaky_relu")(x)
    said: dict[str, Any] = {}
    for name, start in (("mean", 0.0), ("log_variance", log_variance)):
        flat = context.dense(math.prod(shape), name)(x)
        if start:
            flat = keras.layers.Rescaling(1.0, start, name=f"{name}_start")(flat)
        said[name] = keras.layers.Reshape(shape, name=f"{name}_shape")(flat)
    return context.model(inputs, said)
