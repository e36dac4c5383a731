"""Choose where a run's training data live: on the device, or where they are, to be streamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from ...recipe import Recipe
from ...safe_io.wording import size
from .. import Source
from .resident import ResidentData
from .streamed import StreamedData

REFERENCE_EXAMPLES = 2000


def make_feed(
    recipe: Recipe,
    source: Source,
    batches: int,
    strategy: tf.distribute.Strategy,
    fields: Iterable[str] = (),
) -> ResidentData | StreamedData:
    """Feed a run its training data: from the device if they fit the budget, else streamed.

    Either way the same round plays on the same examples. Call it inside the strategy's scope.

    Args:
        recipe: The recipe; its ``distribution.memory_budget`` was given to the source by
            :func:`advnets.train.find_data.build_source`.
        source: Its data.
        batches: k, the global batches that one round uses.
        strategy: The strategy that the game is played under.
        fields: What to give beside the examples, by name.

    Raises:
        DataError: If the training split has no such field.
    """
    seed, batch_size = recipe.seed, recipe.settings.training.batch_size
    if source.fits("train"):
        return ResidentData(source, seed, batch_size, batches, fields)
    return StreamedData(source, seed, batch_size, batches, strategy, fields)


def describe_placement(source: Source, fields: Iterable[str] = ()) -> dict[str, Any]:
    """Describe where the training data live, with the fields that are used, for the manifest."""
    return {
        "kept": "resident" if source.fits("train") else "streamed",
        "bytes": source.count("train") * source.spec.bytes_with(fields),
    }


def format_placement(source: Source, feed: ResidentData | StreamedData) -> str:
    """Format where the training data live, for the log."""
    placement = describe_placement(source, feed.fields)
    line = f"data: {placement['kept']}, {size(placement['bytes'])}"
    if isinstance(feed, StreamedData):
        line += f", at most {size(feed.bytes_ahead)} read ahead"
    return line


def reference_examples(source: Source) -> np.ndarray:
    """Return the first training examples as stored, to be drawn beneath generated ones."""
    return source.take("train", np.arange(min(REFERENCE_EXAMPLES, source.count("train")))).examples
