"""Build the shipped architectures, and offer what a plugin needs to build its own."""

from __future__ import annotations

from ..optimizers.context import OptimizerContext
from .context import NetworkContext
from .heads import Words
from .initializers import SparseNormal
from .layers import BatchNorm, ColumnNorm, ConvMaxout, Dense, Dropout, Maxout, Relu, UntiedBias
from .mixing import mixes_examples
from .precision import (
    as_float32,
    cast_output,
    computes_in,
    in_float32,
    make_switchable,
    under_policy,
)
from .stack import activate_output, image_shape, join_maps, take_vectors
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
    "Relu",
    "SparseNormal",
    "UntiedBias",
    "Words",
    "activate_output",
    "as_float32",
    "cast_output",
    "computes_in",
    "image_shape",
    "in_float32",
    "join_maps",
    "load_last_layers",
    "make_switchable",
    "mixes_examples",
    "save_weights",
    "take_vectors",
    "under_policy",
]
