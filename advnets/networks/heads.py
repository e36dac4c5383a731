"""Let a discriminator say more than one logit: heads of its own, and its features."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras

from ..errors import UsageError
from .context import NetworkContext
from .precision import as_float32

Space = str | int | Sequence[int]
"""A field's name, for the logits of its classes or its shape; so many numbers; or a shape."""


@dataclass(frozen=True)
class Words:
    """Name what a discriminator says.

    Args:
        heads: Further linear outputs of the last hidden layer, each with its space.
        features: Whether the last hidden layer is returned, flattened.
        logits: ``linear``, an output layer of its own; or ``log_sum_exp``, log Σ exp of the
            one head's logits of classes: D(x) = Z/(Z + 1) with Z = Σ exp, which is a
            classifier of K classes and "generated", whose logit is 0.

    Source: of ``log_sum_exp``, Salimans et al. 2016 (arXiv:1606.03498), section 5.
    """

    heads: Mapping[str, Space] = field(default_factory=dict)
    features: bool = False
    logits: str = "linear"

    def refuse_elsewhere(self, context: NetworkContext) -> None:
        """Raise UsageError if more than one thing is asked of another than a discriminator."""
        if context.role != "discriminator" and self != Words():
            raise UsageError(
                f"the {context.name} is asked for heads, features or other logits, which only a "
                "discriminator returns",
                hint=f"remove heads, features and logits from {context.name}",
            )

    def say(
        self,
        context: NetworkContext,
        x: keras.KerasTensor,
        hidden: keras.KerasTensor,
        end: Callable[[], keras.KerasTensor],
        layer: Callable[[int, str], keras.layers.Layer],
    ) -> keras.KerasTensor | dict[str, keras.KerasTensor]:
        """Return what the network says.

        Args:
            context: Its context.
            x: What its last layer and its heads see, ``[N, units]``.
            hidden: The last hidden layer, before dropout, ``[N, F]``.
            end: Builds the network's one output as ever.
            layer: Makes a layer of so many linear units, called so, that computes in float32.

        Returns:
            The output alone where nothing else is asked for, else a dictionary: ``logits``,
            each head by its name, ``features`` ``[N, F]``; float32.

        Raises:
            UsageError: If a head names no field, if the logits are those of a head and there
                is not exactly one of classes, or if the network is no discriminator.
        """
        self.refuse_elsewhere(context)
        if self == Words():
            return end()
        said = self.say_heads(context, x, layer)
        if self.logits == "linear":
            logits = end()
        else:
            logits = keras.ops.logsumexp(said[self._of_classes(context)], axis=-1)
        if self.features:
            said["features"] = as_float32(hidden)
        return {"logits": logits, **said}

    def say_heads(
        self,
        context: NetworkContext,
        x: keras.KerasTensor,
        layer: Callable[[int, str], keras.layers.Layer],
    ) -> dict[str, keras.KerasTensor]:
        """Return the heads alone, by name: W x + b each, float32 ``[N, *space]``.

        For a discriminator that says no logits, an auto-encoder with an energy say. Arguments and
        errors are those of :meth:`say`.

        >>> context = NetworkContext("discriminator", (3,))
        >>> def layer(units, name):
        ...     return keras.layers.Dense(units, name=name)
        >>> words = Words({"class_logits": 10})
        >>> words.say_heads(context, keras.Input([7]), layer)["class_logits"].shape
        (None, 10)
        """
        said = {}
        for name, space in self.heads.items():
            shape = self._shape(context, name, space)
            said[name] = layer(math.prod(shape), f"head_{name}")(x)
            if len(shape) != 1:
                reshape = keras.layers.Reshape(shape, name=f"head_{name}_shape", dtype="float32")
                said[name] = reshape(said[name])
        return said

    def _shape(self, context: NetworkContext, name: str, space: Space) -> tuple[int, ...]:
        if not isinstance(space, str):
            return (space,) if isinstance(space, int) else tuple(space)
        if space not in context.fields:
            raise UsageError(
                f"head {name!r} of the {context.name} is to say {space!r}, which is no field; "
                f"there {'are ' + ', '.join(context.fields) if context.fields else 'is none'}",
                hint="name a field, or give a number of values or a shape",
            )
        one = context.fields[space]
        return (*one.shape, one.classes) if one.classes else tuple(one.shape)

    def _of_classes(self, context: NetworkContext) -> str:
        found = [
            name
            for name, space in self.heads.items()
            if isinstance(space, str) and (one := context.fields[space]).classes and not one.shape
        ]
        if len(found) != 1:
            raise UsageError(
                f"logits: log_sum_exp of the {context.name} needs one head of classes; it has "
                f"{', '.join(found) or 'none'}",
                hint="heads: {class_logits: label}, with the name of a field that has classes",
            )
        return found[0]
