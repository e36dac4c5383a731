"""What a case is: one adversarial game, described without any framework."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Momentum:
    """Classical momentum as in the recipe of Goodfellow et al. 2014.

    v ← m·v − lr·g, θ ← θ + v; lr is divided by ``decay`` at every update, down to
    ``minimum``; m rises linearly from ``start`` to ``final`` over ``epochs`` epochs.
    """

    learning_rate: float = 0.1
    decay: float = 1.000004
    minimum: float = 1e-6
    start: float = 0.5
    final: float = 0.7
    epochs: int = 250

    def rate(self, update: int) -> float:
        """lr at the given update, counted from 0."""
        return max(self.learning_rate * math.exp(-update * math.log(self.decay)), self.minimum)

    def coefficient(self, epoch: int) -> float:
        """m in the given epoch, counted from 0."""
        return self.start + (self.final - self.start) * min(epoch / (self.epochs - 1), 1.0)


@dataclass(frozen=True)
class Adam:
    """Adam with Keras's ε."""

    learning_rate: float
    beta_1: float
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Game:
    """One case.

    Attributes:
        name: In tables, JSON and on the command line.
        letter: Under which the targets name it.
        title: For people.
        networks: Which pair of networks: see :mod:`benchmarks.cases.products`.
        shape: Of one example, channels last.
        stored: The type that the training data are kept in.
        prior: Of z, U(−√3, √3) or N(0, 1).
        latent: Dimensions of z.
        batch: Examples in a batch.
        examples: In the training data.
        optimizer: Of both players.
        loss: ``non_saturating`` (from logits) or ``wasserstein``.
        discriminator_weight: Factor on D's loss.
        penalty: λ of the gradient penalty; 0 for none.
        updates: ``alternating`` (fresh z for each move) or ``simultaneous``.
        steps: k, moves of D in a round, each on fresh examples and fresh z.
        precision: ``float32`` or ``mixed_bfloat16``.
        joint: Whether D treats examples independently, so that real and generated ones may
            go through it as one batch. With batch normalisation they may not.
        seconds: How long one turn of a contestant lasts in the full measurement.
    """

    name: str
    letter: str
    title: str
    networks: Literal["maxout", "mlp", "dcgan"]
    shape: tuple[int, ...]
    stored: Literal["uint8", "float32"]
    prior: Literal["uniform", "gaussian"]
    latent: int
    batch: int
    examples: int
    optimizer: Momentum | Adam
    loss: Literal["non_saturating", "wasserstein"] = "non_saturating"
    discriminator_weight: float = 1.0
    penalty: float = 0.0
    updates: Literal["alternating", "simultaneous"] = "alternating"
    steps: int = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    joint: bool = True
    seconds: float = 2.0

    @property
    def data(self) -> str:
        """The name of its training data, which several cases may share."""
        return {"maxout": "mnist", "mlp": "ring", "dcgan": "images"}[self.networks]

    @property
    def rounds_per_epoch(self) -> int:
        """Rounds in which D sees every example once."""
        return self.examples // (self.batch * self.steps)
