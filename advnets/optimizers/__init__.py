"""Optimize by the authors' momentum, a fused Adam, or Keras's own optimizers."""

from __future__ import annotations

from .adam import Adam
from .builders import adam, momentum, rmsprop, sgd
from .context import OptimizerContext
from .momentum import Momentum
from .schedules import FlooredDecay

__all__ = [
    "Adam",
    "FlooredDecay",
    "Momentum",
    "OptimizerContext",
    "adam",
    "momentum",
    "rmsprop",
    "sgd",
]
