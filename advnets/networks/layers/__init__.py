"""Layers that the built-in architectures are made of."""

from __future__ import annotations

from .column_norm import ColumnNorm
from .dense import Dense, Maxout
from .dropout import Dropout

__all__ = ["ColumnNorm", "Dense", "Dropout", "Maxout"]
