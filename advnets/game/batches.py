"""Hold a batch of real examples, with the fields that belong to them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from ..errors import PluginError, UsageError
from . import batch
from .side import Side

Bounds = tuple[float, float]


class Streams(dict[str, "Batch"]):
    """Hold batches of streams, and say which there are where one is missing."""

    def __missing__(self, name: str) -> Batch:
        raise PluginError(
            f"the stream {name!r} is read, which comes with no batch here: there are "
            f"{', '.join(self) or 'none'}",
            hint=f"declare it where it is read: `streams = ({name!r},)` of an encounter, a penalty "
            "or an update rule; samples are made of those that a network which moves with G takes, "
            f"Role({{'example': '{name}.example'}}, …)",
        )


@dataclass(frozen=True)
class Batch:
    """Hold this replica's real examples of one step, and their fields.

    Attributes:
        examples: x, float32 ``[N, ...]``.
        fields: What comes with them, by name, each ``[N, ...]``: labels, other images.
        streams: Batches of further examples, by name, perhaps of other sizes.
    """

    examples: tf.Tensor
    fields: Mapping[str, tf.Tensor] = field(default_factory=dict)
    streams: Mapping[str, Batch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "streams", Streams(self.streams))

    @property
    def size(self) -> int | tf.Tensor:
        """N, static where it is known."""
        return batch.size(self.examples)

    def side(self) -> Side:
        """Return the real side of a duel: the examples with their fields; the same one always, so
        that what is judged in a play is not judged again.
        """
        return self._side

    @cached_property
    def _side(self) -> Side:
        return Side(example=self.examples, **self.fields)

    def split(self, parts: int) -> list[Batch]:
        """Split a round's k · N examples into k batches (:func:`advnets.game.batch.split`), and
        those of each stream.
        """
        examples = batch.split(self.examples, parts)
        fields = {name: batch.split(values, parts) for name, values in self.fields.items()}
        streams = {name: stream.split(parts) for name, stream in self.streams.items()}
        return [
            Batch(
                x,
                {name: values[i] for name, values in fields.items()},
                {name: batches[i] for name, batches in streams.items()},
            )
            for i, x in enumerate(examples)
        ]


Wanted = Mapping[str, tuple[tuple[str, ...], Bounds | None]]
"""The fields of each stream that a game reads, by its name, and the range of its examples."""


def as_batch(
    data: Any,
    fields: tuple[str, ...],
    bounds: Bounds | None = None,
    streams: Wanted = MappingProxyType({}),
    what: str = "the examples",
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
            what no field is. Streams stand in it by name, each in any of these forms.
        fields: The fields that the game uses. What else comes is left out.
        bounds: The least and the greatest value that the generator gives, where it is known.
        streams: The fields and bounds of the streams that the game uses.
        what: They are, for messages.

    Raises:
        UsageError: If it is not clear which of them are the examples, if they are no numbers
            that a network could give, or if a stream is missing, or lacks a field.

    >>> x, y = tf.zeros([2, 3]), tf.constant([4, 5])
    >>> as_batch({"image": x, "label": y}, ("label",)).fields["label"].numpy().tolist()
    [4, 5]
    >>> as_batch((x, y), ("label",)).fields.keys(), as_batch((x, y), ()).fields.keys()
    (dict_keys(['label']), dict_keys([]))
    >>> as_batch(tf.constant([0, 51, 255], tf.uint8), (), (0.0, 1.0)).examples.numpy().round(3)
    array([0. , 0.2, 1. ], dtype=float32)
    >>> both = as_batch((x, {"more": (x[:1], y[:1])}), (), streams={"more": (("label",), None)})
    >>> both.streams["more"].fields["label"].numpy().tolist()
    [4]
    """
    found = name_parts(data)
    name = examples_in(found, fields, streams, what)
    examples = _as_floats(found[name], bounds, what)
    given: dict[str, Batch] = {}
    for stream, (wanted, reach) in streams.items():
        own = f"the examples of the stream {stream!r}"
        if found.get(stream) is None:
            raise UsageError(
                f"the game reads the stream {stream!r}, and it is given none",
                hint=f"an element is {{'example': x, {stream!r}: …}}; of data sets, "
                f"tf.data.Dataset.zip({{'example': data, {stream!r}: others}})",
            )
        given[stream] = as_batch(found[stream], wanted, reach, what=own)
        lacking = [field for field in wanted if field not in given[stream].fields]
        if lacking:
            raise UsageError(
                f"the game reads {', '.join(map(repr, lacking))} of the stream {stream!r}, which "
                f"comes with {', '.join(map(repr, given[stream].fields)) or 'no field'}",
                hint=f"{{'example': x, {stream!r}: {{'example': x2, {lacking[0]!r}: …}}}}",
            )
    return Batch(examples, {field: found[field] for field in fields if field in found}, given)


def name_parts(data: Any) -> dict[str, Any]:
    """Return what a batch holds, by name: examples, fields, streams.

    Raises:
        UsageError: If there are weights of examples.
    """
    if isinstance(data, Mapping):
        return dict(data)
    if not isinstance(data, tuple | list):
        return {"example": data}
    if len(data) > 2 and data[2] is not None:
        refuse_weights()
    found = dict(data[0]) if isinstance(data[0], Mapping) else {"example": data[0]}
    if len(data) > 1 and isinstance(data[1], Mapping):
        found |= data[1]
    elif len(data) > 1 and data[1] is not None:
        found["label"] = data[1]
    return found


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


def _as_floats(x: Any, bounds: Bounds | None, what: str) -> tf.Tensor:
    """Return examples in float32."""
    dtype = getattr(x, "dtype", None)
    if dtype is None or isinstance(x, tf.RaggedTensor | tf.SparseTensor):
        raise UsageError(
            f"{what} are a {type(x).__name__}; one array [N, ...] was expected",
            hint="several arrays are given by name: {'example': x, 'label': y}",
        )
    dtype = tf.as_dtype(dtype)
    if dtype.is_floating:
        return tf.cast(x, tf.float32)  # a tensor of this type stays what it is
    white = WHITE.get(dtype.name)
    if white is None or bounds is None:
        raise UsageError(
            f"{what} are of the type {dtype.name}, and the generator gives floats"
            + (f" from {bounds[0]:g} to {bounds[1]:g}" if bounds else ""),
            hint="bring them to the range of what the generator gives: x / 255 for a last layer "
            "with a sigmoid, x / 127.5 - 1 for tanh",
        )
    low, high = bounds
    return low + tf.cast(x, tf.float32) * ((high - low) / white)


def examples_in(
    found: Mapping[str, Any],
    fields: tuple[str, ...],
    streams: Container[str] = (),
    what: str = "the examples",
) -> str:
    """Return which of the entries are the examples.

    Raises:
        UsageError: If it cannot be told.
    """
    for name in ("example", "image"):
        if name in found and name not in fields:
            return name
    others = [
        name
        for name, one in found.items()
        if name not in (*fields, "label") and name not in streams and not holds_several(one)
    ]
    if len(others) != 1:
        raise UsageError(
            f"{what} cannot be told among {', '.join(sorted(found))}",
            hint="call them 'example'",
        )
    return others[0]


def holds_several(one: Any) -> bool:
    """Tell whether an entry of a batch is none of its arrays: a stream, in any of its forms."""
    return isinstance(one, Mapping | tuple | list)
