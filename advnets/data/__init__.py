"""Read examples from sources, preprocess them, and order them for a run.

Importing this package imports no TensorFlow; reading and preprocessing do.
"""

from __future__ import annotations

from .context import DataContext
from .examples import Examples
from .order import batches_per_epoch, epoch_order
from .prepare import open_source, prepare_data
from .preprocess import Preprocess
from .probe import DataUnavailable
from .source import Source
from .sources.composed import Composed
from .spec import SPLITS, DataSpec, Field, Split
from .summary import Summary, summarise

__all__ = [
    "SPLITS",
    "Composed",
    "DataContext",
    "DataSpec",
    "DataUnavailable",
    "Examples",
    "Field",
    "Preprocess",
    "Source",
    "Split",
    "Summary",
    "batches_per_epoch",
    "epoch_order",
    "open_source",
    "prepare_data",
    "summarise",
]
