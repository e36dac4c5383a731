"""Optimizers: the authors' momentum, and builders of Keras's own."""

from __future__ import annotations

from .builders import adam, momentum, rmsprop, sgd
from .context import OptimizerContext
from .momentum import Momentum
from .schedules import FlooredDecay

__all__ = [
    "FlooredDecay",
    "Momentum",
    "OptimizerContext",
    "adam",
    "momentum",
    "rmsprop",
    "sgd",
]
