"""Let an auto-encoder say more of an example than its energy: the logits of a field's classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import keras

from advnets import UsageError
from advnets.networks import NetworkContext

Space = str | int | Sequence[int]
"""A field's name, for the logits of its classes or its shape; so many numbers; or a shape."""


def add_heads(
    context: NetworkContext,
    code: keras.KerasTensor,
    heads: Mapping[str, Space],
    layer: Callable[[int, str], keras.layers.Layer],
) -> dict[str, keras.KerasTensor]:
    """Return linear outputs of the code S, by name: W S + b each, float32 ``[N, *space]``.

    Args:
        context: The discriminator's; its fields are what heads may name.
        code: The encoder's output, ``[N, F]``.
        heads: The space of each output.
        layer: Makes a fully connected layer of so many units, called so, in float32.

    Raises:
        UsageError: If a head names no field.

    >>> context = NetworkContext("discriminator", (3,))
    >>> def layer(units, name):
    ...     return keras.layers.Dense(units, name=name)
    >>> add_heads(context, keras.Input([7]), {"class_logits": 10}, layer)["class_logits"].shape
    (None, 10)
    """
    said = {}
    for name, space in heads.items():
        shape = _shape(context, name, space)
        x = layer(math.prod(shape), f"head_{name}")(code)
        if len(shape) != 1:
            x = keras.layers.Reshape(shape, name=f"head_{name}_shape", dtype="float32")(x)
        said[name] = x
    return said


def _shape(context: NetworkContext, name: str, space: Space) -> tuple[int, ...]:
    if not isinstance(space, str):
        return (space,) if isinstance(space, int) else tuple(space)
    if space not in context.fields:
        known = ", ".join(context.fields)
        raise UsageError(
            f"head {name!r} of the {context.name} is to say {space!r}, which is no field; "
            f"there {f'are {known}' if known else 'is none'}",
            hint="name a field, or give a number of values or a shape",
        )
    field = context.fields[space]
    return (*field.shape, field.classes) if field.classes else tuple(field.shape)
