"""Provide the layers that the built-in architectures are made of."""

from __future__ import annotations

from .batch_norm import BatchNorm
from .column_norm import ColumnNorm
from .conv_maxout import ConvMaxout
from .dense import Dense, Maxout
from .dropout import Dropout
from .relu import Relu
from .untied_bias import UntiedBias

__all__ = [
    "BatchNorm",
    "ColumnNorm",
    "ConvMaxout",
    "Dense",
    "Dropout",
    "Maxout",
    "Relu",
    "UntiedBias",
]
