"""Feed the rounds of a game that reads further streams of examples next to the main data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from .feed import Feed


class FeedOfStreams:
    """Feed a round the batches of its data, and as many of every stream.

    Each is resident or streamed by itself, and has an order of its own. It is a
    :class:`advnets.data.feed.feed.Feed`.

    Args:
        main: What feeds the main data.
        streams: What feeds each stream, by its name.
    """

    def __init__(self, main: Feed, streams: Mapping[str, Feed]):
        self.main, self.streams = main, dict(streams)
        self.fields = main.fields
        everything = (main, *self.streams.values())
        self.compilable = all(feed.compilable for feed in everything)
        self.longest = min(feed.longest for feed in everything)

    def seek(self, step: int) -> None:
        """Be ready for round ``step``."""
        for feed in (self.main, *self.streams.values()):
            feed.seek(step)

    def plan(self, first: tf.Tensor, rounds: tf.Tensor) -> tuple[Any, dict[str, Any]]:
        """Return what a call's rounds need, of the main data and of each stream."""
        own = {name: feed.plan(first, rounds) for name, feed in self.streams.items()}
        return self.main.plan(first, rounds), own

    def draw(
        self, plan: tuple[Any, dict[str, Any]] | None, number: tf.Tensor, step: tf.Tensor
    ) -> tuple[Any, dict[str, Any]]:
        """Return what each replica is handed for one round, of the main data and of each stream."""
        main, own = (None, dict.fromkeys(self.streams)) if plan is None else plan
        return self.main.draw(main, number, step), {
            name: feed.draw(own[name], number, step) for name, feed in self.streams.items()
        }

    def examples(self, drawn: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
        """Return a replica's preprocessed examples, their fields, and those of each stream."""
        main, own = drawn
        found = self.main.examples(main)
        named = found if isinstance(found, dict) else {"example": found}
        return named | {name: feed.examples(own[name]) for name, feed in self.streams.items()}

    def failure(self) -> Exception | None:
        """Return what went wrong in drawing, of whichever it is."""
        failures = (feed.failure() for feed in (self.main, *self.streams.values()))
        return next((failure for failure in failures if failure is not None), None)
