"""Optimize by the authors' momentum, a fused Adam, or Keras's own optimizers."""

from __future__ import annotations

from .adam import Adam
from .builders import adam, momentum, plan_rate, rmsprop, sgd
from .context import OptimizerContext
from .momentum import Momentum
from .schedules import FlooredDecay, OfRound, Planned

__all__ = [
    "Adam",
    "FlooredDecay",
    "Momentum",
    "OfRound",
    "OptimizerContext",
    "Planned",
    "adam",
    "momentum",
    "plan_rate",
    "rmsprop",
    "sgd",
]
