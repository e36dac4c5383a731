"""Penalties: terms added to one player's loss, given the critic and the batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from ..random import Draw
from .output import DiscriminatorOutput


@dataclass(frozen=True)
class PenaltyInputs:
    """What a penalty may use.

    Attributes:
        critic: D in training mode, ``x [N, ...]`` → :class:`DiscriminatorOutput`; may be
            differentiated twice. Computes in float32, whatever D's precision.
        real: The real examples x, ``[N, ...]``.
        generated: The generated examples G(z), ``[N, ...]``.
        real_output: What D said of x; ``None`` in G's turn unless the loss or a penalty
            asks for it.
        fake_output: What D said of G(z).
        draw: Random numbers of this round (ε of an interpolation, say).
        stage: The part of the round, to name streams with.
    """

    critic: Callable[[tf.Tensor], DiscriminatorOutput]
    real: tf.Tensor
    generated: tf.Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    draw: Draw
    stage: str


class Penalty:
    """Base class of penalties.

    Attributes:
        player: Whose loss it is added to: ``discriminator`` or ``generator``.
        requires: The names it needs in D's output.
        needs_real: For a penalty of the generator: whether it uses ``real_output``.
    """

    player: str = "discriminator"
    requires: tuple[str, ...] = ()
    needs_real: bool = False

    def __call__(self, inputs: PenaltyInputs) -> tf.Tensor:
        """The penalty, its weight included, one value per example: float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no penalty")
