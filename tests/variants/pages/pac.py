"""Packing: D judges m examples of one side at once, joined along their channels.

    D(x_1, …, x_m)

Examples 1 … m of a batch are the first pack, the next m the second; a last pack that lacks some
is filled up from the batch's beginning. What is said of a pack is said of each of its examples,
so that a batch of any size has a logit for each, and the mean is that over packs.

Source: Lin et al. 2018 (arXiv:1712.04086), section 3.
"""

import functools
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from advnets import Component, Names, Parameters, hookimpl


class PacParameters(Parameters):
    """Say which network judges packs, and of how many examples."""

    network: Annotated[str | dict[str, Any], Names("architectures")] = Field(
        "mlp", description="the network that judges packs"
    )
    m: int = Field(2, ge=1, le=64, description="examples in a pack")


@hookimpl
def advnets_architectures():
    """Register the wrapper."""
    return [
        Component(
            "my_pac",
            "pac:pac",
            "any discriminator, judging m examples at once",
            PacParameters,
            ("discriminator",),
        )
    ]


def pac(context, network="mlp", m=2):
    """Return a discriminator of packs, for examples."""
    pack, unpack = layers_of_keras()
    *sizes, channels = context.input_shape
    given = {
        name: replace(one, shape=(*one.shape[:-1], m * (one.shape[-1] if one.shape else 1)))
        for name, one in context.given.items()
    }
    shape = (*sizes, m * channels)
    inner = context.make("architectures", network, input_shape=shape, given=given)
    inputs = context.inputs()
    packed = {name: pack(m, name=f"{name}_packed")(x) for name, x in inputs.items()}
    said = inner(packed if len(packed) > 1 else next(iter(packed.values())))
    first = next(iter(inputs.values()))
    words = said if isinstance(said, dict) else {"logits": said}
    each = {name: unpack(m, name=f"{name}_unpacked")([x, first]) for name, x in words.items()}
    return context.model(inputs, each if isinstance(said, dict) else each["logits"])


@functools.cache
def layers_of_keras():
    """Return both layers, defined where Keras is needed: commands import this file too."""
    import keras
    from keras import ops

    class OfPacks(keras.layers.Layer):
        """Hold how many examples are in a pack."""

        def __init__(self, m, **options):
            super().__init__(**options)
            self.m = m

        def get_config(self):
            """Return the arguments, for serialisation."""
            return {**super().get_config(), "m": self.m}

    @keras.saving.register_keras_serializable(package="pac")
    class Pack(OfPacks):
        """Join m examples along the last axis: [N, …, C] → [⌈N/m⌉, …, m·C]; [N] → [⌈N/m⌉, m]."""

        def call(self, x):
            """Return the packs, in the order of the examples."""
            n, number = ops.shape(x)[0], len(x.shape) == 1
            x = ops.expand_dims(x, -1) if number else x
            packs = (n + self.m - 1) // self.m
            x = ops.take(x, ops.arange(packs * self.m) % n, axis=0)
            apart = ops.reshape(x, (-1, self.m, *x.shape[1:]))
            last = len(apart.shape) - 1
            order = (0, *range(2, last), 1, last)
            joined = (*x.shape[1:-1], self.m * x.shape[-1])
            return ops.reshape(ops.transpose(apart, order), (-1, *joined))

        def compute_output_shape(self, shape):
            """Return the shape of packs."""
            return (None, *shape[1:-1], self.m * shape[-1]) if len(shape) > 1 else (None, self.m)

    @keras.saving.register_keras_serializable(package="pac")
    class Unpack(OfPacks):
        """Say of each of N examples what was said of its pack: [⌈N/m⌉, …] → [N, …]."""

        def call(self, both):
            """Return a row for each example."""
            said, examples = both
            return ops.repeat(said, self.m, axis=0)[: ops.shape(examples)[0]]

        def compute_output_shape(self, shapes):
            """Return the shape of what is said of examples."""
            return (None, *shapes[0][1:])

    return Pack, Unpack
