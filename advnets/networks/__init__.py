"""The built-in architectures, and what a plugin needs to write its own."""

from __future__ import annotations

from ..optimizers.context import OptimizerContext
from .context import NetworkContext
from .initializers import SparseNormal
from .layers import BatchNorm, ColumnNorm, ConvMaxout, Dense, Dropout, Maxout, UntiedBias
from .mixing import mixes_examples
from .weights import load_last_layers, save_weights

__all__ = [
    "BatchNorm",
    "ColumnNorm",
    "ConvMaxout",
    "Dense",
    "Dropout",
    "Maxout",
    "NetworkContext",
    "OptimizerContext",
    "SparseNormal",
    "UntiedBias",
    "load_last_layers",
    "mixes_examples",
    "save_weights",
]
