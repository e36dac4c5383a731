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
        """Split a round's k · N examples into k batches.

        Raises:
            UsageError: If k is known not to divide them.
        """
        examples = batch.split(self.examples, parts)
        fields = {name: batch.split(values, parts) for name, values in self.fields.items()}
        return [
            Batch(x, {name: values[i] for name, values in fields.items()})
            for i, x in enumerate(examples)
        ]


def as_batch(data: Any, fields: tuple[str, ...]) -> Batch:
    """Return what ``fit`` or a feed hands over as a batch with the fields that a game uses.

    Args:
        data: Examples; ``(examples, label)``; or a dictionary of fields by name, in which the
            examples are called ``example`` or ``image``, or are what no field is.
        fields: The fields that the game uses. What else comes is left out.

    Raises:
        UsageError: If it is not clear which of them are the examples.

    >>> x, y = tf.zeros([2, 3]), tf.constant([4, 5])
    >>> as_batch({"image": x, "label": y}, ("label",)).fields["label"].numpy().tolist()
    [4, 5]
    >>> as_batch((x, y), ("label",)).fields.keys(), as_batch((x, y), ()).fields.keys()
    (dict_keys(['label']), dict_keys([]))
    """
    if isinstance(data, Mapping):
        found = dict(data)
    elif isinstance(data, tuple | list):
        found = {"example": data[0]}
        if len(data) > 1 and isinstance(data[1], Mapping):
            found |= data[1]
        elif len(data) > 1 and data[1] is not None:
            found["label"] = data[1]
    else:
        found = {"example": data}
    name = _examples_in(found, fields)
    return Batch(found[name], {field: found[field] for field in fields if field in found})


def _examples_in(found: Mapping[str, Any], fields: tuple[str, ...]) -> str:
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
