"""Optimizers: the authors' momentum, a fused Adam, and builders of Keras's own."""

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
