"""Define a feed: where the rounds get their real examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import tensorflow as tf

from .. import Source

Order = Callable[[tf.Tensor], tf.Tensor]
"""Returns of the numbers of global batches ``[…]`` the places of their examples, int64
``[…, N]``: a pure function, made of TensorFlow operations."""


class Feed(Protocol):
    """Give the rounds their real examples: resident on the device, or streamed to it.

    Attributes:
        longest: The most rounds that one call may have, which bounds what :meth:`plan` takes.
        fields: The fields that it gives beside the examples, by name.
        compilable: Whether :meth:`draw` and :meth:`examples` can be compiled by XLA.
    """

    fields: tuple[str, ...]
    compilable: bool
    longest: int

    def seek(self, step: int) -> None:
        """Be ready for round ``step``; called before a session's first round."""

    def plan(self, first: tf.Tensor, rounds: tf.Tensor) -> Any:
        """Return what a call's rounds need that is better computed for all of them at once.

        In the graph, before the loop, outside of any replica.

        Args:
            first: The call's first round, an int64 scalar.
            rounds: How many there are, an int64 scalar.
        """

    def draw(self, plan: Any, number: tf.Tensor, step: tf.Tensor) -> Any:
        """Return what ``strategy.run`` hands each replica for one round.

        In the loop, outside of any replica.

        Args:
            plan: What :meth:`plan` returned; ``None`` where the whole loop is compiled.
            number: The round's number within the call, an int64 scalar.
            step: The round, an int64 scalar.
        """

    def examples(self, drawn: Any) -> tf.Tensor | dict[str, tf.Tensor]:
        """Return a replica's preprocessed examples for a round, float32 ``[k · n, *shape]``.

        A feed that gives fields returns ``{"example": these, NAME: values [k · n, …]}``.
        """

    def failure(self) -> Exception | None:
        """Return what went wrong in drawing, if that is why the rounds failed."""


def preprocess_batch(
    source: Source, examples: tf.Tensor, fields: Mapping[str, tf.Tensor]
) -> tf.Tensor | dict[str, tf.Tensor]:
    """Preprocess stored examples and their fields to what :meth:`Feed.examples` returns."""
    seen = source.preprocess.apply(examples)
    if not fields:
        return seen
    values = {name: source.preprocess_field(name, value) for name, value in fields.items()}
    return {"example": seen, **values}
