"""Choose where a run's training data live: on the device, or where they are, to be streamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from ...errors import DataError
from ...random import stream_key
from ...recipe import Recipe
from ...safe_io.wording import size
from .. import Source
from ..order import check_stream
from .feed import Feed, Order
from .resident import ResidentData
from .streamed import StreamedData
from .streams import FeedOfStreams

REFERENCE_EXAMPLES = 2000


def make_feed(
    recipe: Recipe,
    source: Source,
    batches: int,
    strategy: tf.distribute.Strategy,
    fields: Iterable[str] = (),
    streams: Mapping[str, Iterable[str]] = MappingProxyType({}),
    order: Order | None = None,
) -> Feed:
    """Feed a run its training data: from the device if they fit the budget, else streamed.

    So are the data of each stream, whose order is one of its own. Either way the same round plays
    on the same examples. Call it inside the strategy's scope.

    Args:
        recipe: The recipe; its ``distribution.memory_budget`` was given to the source by
            :func:`advnets.train.find_data.build_source`.
        source: Its data.
        batches: k, the global batches that one round uses.
        strategy: The strategy that the game is played under.
        fields: What to give beside the examples, by name.
        streams: What to give beside the examples of each stream, by the streams' names.
        order: Which of the main data each batch has; ``None``: those of shuffled epochs.

    Raises:
        DataError: If a training split has no such field, or is smaller than a batch.
    """
    settings = recipe.settings
    batch_size = settings.training.batch_size
    main = _make(source, recipe.seed, batch_size, batches, strategy, fields, order)
    own: dict[str, ResidentData | StreamedData] = {}
    for name, read in streams.items():
        size_of_batch = settings.streams[name].batch_size or batch_size
        seed = stream_key(recipe.seed, f"stream/{name}") % 2**31
        try:
            check_stream(name, source.streams[name].count("train"), size_of_batch)
            own[name] = _make(source.streams[name], seed, size_of_batch, batches, strategy, read)
        except DataError as error:
            error.where = error.where or f"streams.{name}"
            raise
    return FeedOfStreams(main, own) if own else main


def _make(
    source: Source,
    seed: int,
    batch_size: int,
    batches: int,
    strategy: tf.distribute.Strategy,
    fields: Iterable[str],
    order: Order | None = None,
) -> ResidentData | StreamedData:
    if source.fits("train"):
        return ResidentData(source, seed, batch_size, batches, fields, order)
    return StreamedData(source, seed, batch_size, batches, strategy, fields, order)


def describe_placement(source: Source, fields: Iterable[str] = ()) -> dict[str, Any]:
    """Describe where the training data live, with the fields that are used, for the manifest."""
    return {
        "kept": "resident" if source.fits("train") else "streamed",
        "bytes": source.count("train") * source.spec.bytes_with(fields),
    }


def format_placement(source: Source, feed: Feed) -> str:
    """Format where the training data live, and those of each stream, for the log."""
    if isinstance(feed, FeedOfStreams):
        each = [_format(source, feed.main)]
        each += [f"{n}: {_format(source.streams[n], own)}" for n, own in feed.streams.items()]
        return f"data: {'; '.join(each)}"
    return f"data: {_format(source, feed)}"


def _format(source: Source, feed: Feed) -> str:
    placement = describe_placement(source, feed.fields)
    line = f"{placement['kept']}, {size(placement['bytes'])}"
    if isinstance(feed, StreamedData):
        line += f", at most {size(feed.bytes_ahead)} read ahead"
    return line


def reference_examples(source: Source) -> np.ndarray:
    """Return the first training examples as stored, to be drawn beneath generated ones."""
    return source.take("train", np.arange(min(REFERENCE_EXAMPLES, source.count("train")))).examples
