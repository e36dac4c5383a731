"""Build any discriminator so that it judges several examples of one side at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from advnets import validated_by
from advnets.errors import UsageError
from advnets.networks import NetworkContext

from .hooks import PacParameters
from .packing import Pack, Unpack

OF_PACKS = ("logits", "energy", "features")
"""Words that may be of several examples at once."""


@validated_by(PacParameters)
def pac(
    context: NetworkContext, *, network: str | Mapping[str, Any] = "mlp", m: int = 2
) -> keras.Model:
    """Build a discriminator D(x_1, …, x_m) of packs, joined along the channels.

    What it says of a pack is said of each of its examples, so that a loss's mean over examples
    is that over packs. Fields that D is told are packed as well. A batch may be of any size: a
    last pack that lacks examples is filled up from the batch's beginning. Choose a batch, or a
    replica's share of it, that m divides: then each example is judged once, and the number of
    replicas changes nothing.

    The gradient of the sum of all logits by an example is m times that of its pack's logit, so
    that the R1 penalty of weight γ is that of packs with m·γ, and that a penalty on slopes other
    than 1 (gradient_penalty, dragan) wants 1/m of a pack's logit by each example.

    Args:
        context: Shapes and the seed.
        network: What judges packs: an architecture by name, with its parameters; by hand also a
            Keras model, or a function that makes one of a context.
        m: Examples in a pack.

    Returns:
        A model from ``[N, …, C]`` to what the network says, by example.

    Raises:
        UsageError: If the network has heads, which are of one example.

    Source: Lin et al. 2018 (arXiv:1712.04086).

    >>> def linear(context):
    ...     inputs = context.inputs()
    ...     return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))
    >>> model = pac(NetworkContext("discriminator", (2,)), network=linear, m=3)
    >>> model.count_params()  # 3·2 + 1
    7
    >>> model(keras.ops.zeros([4, 2])).shape
    TensorShape([4, 1])
    """
    *sizes, channels = context.input_shape
    given = {
        name: replace(one, shape=(*one.shape[:-1], m * (one.shape[-1] if one.shape else 1)))
        for name, one in context.given.items()
    }
    packed_shape = (*sizes, m * channels)
    inner = context.make("architectures", network, input_shape=packed_shape, given=given)
    inputs = context.inputs()
    packed = {name: Pack(m, name=f"{name}_packed")(x) for name, x in inputs.items()}
    said = inner(packed if len(packed) > 1 else next(iter(packed.values())))
    first = inputs[context.input_name]

    def unpack(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return Unpack(m, name=f"{name}_unpacked")([x, first])

    if not isinstance(said, Mapping):
        return context.model(inputs, unpack(said, "logits"))
    of_examples = [name for name in said if name not in OF_PACKS]
    if of_examples:
        raise UsageError(
            f"the {context.name} judges packs of {m} examples, and is asked for "
            f"{', '.join(of_examples)}: one answer for {m} examples that may differ",
            hint="leave the heads out, or `pac`; what reads an example's class needs a network "
            "that sees examples alone",
        )
    return context.model(inputs, {name: unpack(x, name) for name, x in said.items()})
