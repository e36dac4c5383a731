"""The built-in architectures, and what a plugin needs to write its own."""

from __future__ import annotations

from ..optimizers.context import OptimizerContext
from .context import NetworkContext
from .initializers import SparseNormal
from .layers import ColumnNorm, Dense, Dropout, Maxout
from .mixing import mixes_examples

__all__ = [
    "ColumnNorm",
    "Dense",
    "Dropout",
    "Maxout",
    "NetworkContext",
    "OptimizerContext",
    "SparseNormal",
    "mixes_examples",
]
