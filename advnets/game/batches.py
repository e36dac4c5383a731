"""Hold a batch of real examples, with the fields that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from ..errors import UsageError
from . import batch
from .side import Side


@dataclass(frozen=True)
class Batch:
    """Hold this replica's real examples of one step, and their fields.

    Attributes:
        examples: x, float32 ``[N, ...]``.
        fields: What comes with them, by name, each ``[N, ...]``: labels, other images.
    """

    examples: tf.Tensor
    fields: Mapping[str, tf.Tensor] = field(default_factory=dict)

    @property
    def size(self) -> int | tf.Tensor:
        """N, static where it is known."""
        return batch.size(self.examples)

    def side(self) -> Side:
        """Return the real side of a duel: the examples with their fields."""
        return Side(example=self.examples, **self.fields)

    def split(self, parts: int) -> list[Batch]:
        """Split a round's k · N examples into k batches (:func:`advnets.game.batch.split`)."""
        examples = batch.split(self.examples, parts)
        fields = {name: batch.split(values, parts) for name, values in self.fields.items()}
        return [
            Batch(x, {name: values[i] for name, values in fields.items()})
            for i, x in enumerate(examples)
        ]


def as_batch(
    data: Any, fields: tuple[str, ...], bounds: tuple[float, float] | None = None
) -> Batch:
    """Return what ``fit`` or a feed hands over as a batch with the fields that a game uses.

    Examples become float32. Whole numbers of a type that says what is black and what is white
    (uint8: 0 and 255; uint16, bool) are brought to the generator's range, where its last layer
    tells it: they are pictures as they were decoded, and G's own cannot be told to lie among
    them. Other whole numbers, and any before a generator without a range, are refused, since no
    factor is more right than another.

    Args:
        data: Examples; ``(examples, label)``; or a dictionary of fields by name (which a tuple
            may begin with), in which the examples are called ``example`` or ``image``, or are
            what no field is.
        fields: The fields that the game uses. What else comes is left out.
        bounds: The least and the greatest value that the generator gives, where it is known.

    Raises:
        UsageError: If it is not clear which of them are the examples, or if they are no numbers
            that a network could give.

    >>> x, y = tf.zeros([2, 3]), tf.constant([4, 5])
    >>> as_batch({"image": x, "label": y}, ("label",)).fields["label"].numpy().tolist()
    [4, 5]
    >>> as_batch((x, y), ("label",)).fields.keys(), as_batch((x, y), ()).fields.keys()
    (dict_keys(['label']), dict_keys([]))
    >>> as_batch(tf.constant([0, 51, 255], tf.uint8), (), (0.0, 1.0)).examples.numpy().round(3)
    array([0. , 0.2, 1. ], dtype=float32)
    """
    if isinstance(data, Mapping):
        found = dict(data)
    elif isinstance(data, tuple | list):
        if len(data) > 2 and data[2] is not None:
            refuse_weights()
        found = dict(data[0]) if isinstance(data[0], Mapping) else {"example": data[0]}
        if len(data) > 1 and isinstance(data[1], Mapping):
            found |= data[1]
        elif len(data) > 1 and data[1] is not None:
            found["label"] = data[1]
    else:
        found = {"example": data}
    name = examples_in(found, fields)
    examples = _as_floats(found[name], bounds)
    return Batch(examples, {field: found[field] for field in fields if field in found})


def refuse_weights() -> None:
    """Refuse weights of examples.

    Raises:
        UsageError: Always.
    """
    raise UsageError(
        "examples came with weights (sample_weight, class_weight), which a game has no use for: "
        "the means of its losses are over examples alike",
        hint="draw examples as often as they are to count",
    )


WHITE = {"uint8": 255, "uint16": 65535, "bool": 1}
"""The greatest value of types that pictures are decoded to."""


def _as_floats(x: Any, bounds: tuple[float, float] | None) -> tf.Tensor:
    """Return examples in float32."""
    dtype = getattr(x, "dtype", None)
    if dtype is None or isinstance(x, tf.RaggedTensor | tf.SparseTensor):
        raise UsageError(
            f"the examples are a {type(x).__name__}; one array [N, ...] was expected",
            hint="several arrays are given by name: {'example': x, 'label': y}",
        )
    dtype = tf.as_dtype(dtype)
    if dtype.is_floating:
        return x if dtype == tf.float32 else tf.cast(x, tf.float32)
    white = WHITE.get(dtype.name)
    if white is None or bounds is None:
        raise UsageError(
            f"the examples are of the type {dtype.name}, and the generator gives floats"
            + (f" from {bounds[0]:g} to {bounds[1]:g}" if bounds else ""),
            hint="bring them to the range of what the generator gives: x / 255 for a last layer "
            "with a sigmoid, x / 127.5 - 1 for tanh",
        )
    low, high = bounds
    return low + tf.cast(x, tf.float32) * ((high - low) / white)


def examples_in(found: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    """Return which of the entries are the examples.

    Raises:
        UsageError: If it cannot be told.
    """
    for name in ("example", "image"):
        if name in found and name not in fields:
            return name
    others = [name for name in found if name not in fields and name != "label"]
    if len(others) != 1:
        raise UsageError(
            f"the examples cannot be told among {', '.join(sorted(found))}",
            hint="call them 'example'",
        )
    return others[0]
