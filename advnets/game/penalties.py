"""Penalise: add terms to one player's loss, given the critic and the batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from ..random import Draw
from .output import DiscriminatorOutput


@dataclass(frozen=True)
class PenaltyInputs:
    """Hold what a penalty may use.

    Attributes:
        critic: D in training mode, ``x [N, ...]`` → :class:`DiscriminatorOutput`; may be
            differentiated twice. Computes in float32, whatever D's precision.
        real: The real examples x, ``[N, ...]``.
        generated: The generated examples G(z), ``[N, ...]``.
        real_output: D's output for x; ``None`` in G's turn unless the loss or a penalty
            needs it.
        fake_output: D's output for G(z).
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
    """Define a term of one player's loss; the base class of penalties.

    Attributes:
        player: Whose loss it is added to: ``discriminator`` or ``generator``.
        requires: The names it needs in D's output.
        needs_real: For a penalty of the generator: whether it uses ``real_output``.
    """

    player: str = "discriminator"
    requires: tuple[str, ...] = ()
    needs_real: bool = False

    def __call__(self, inputs: PenaltyInputs) -> tf.Tensor:
        """Return the penalty, its weight included, one value per example: float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no penalty")


class R1(Penalty):
    """Penalise the discriminator by (γ/2) ‖∇_x C(x)‖² on real examples.

    Args:
        gamma: γ, the weight.

    Source: Mescheder et al. 2018 (arXiv:1801.04406), equation 9.

    A linear critic C(x) = ⟨w, x⟩ has gradient w everywhere, so R1 = (γ/2) ‖w‖²:

    >>> from advnets.game import DiscriminatorOutput
    >>> from advnets.random import Draw
    >>> def critic(x):
    ...     return DiscriminatorOutput(tf.linalg.matvec(x, tf.constant([3.0, 4.0])))
    >>> x = tf.ones([2, 2])
    >>> inputs = PenaltyInputs(critic, x, x, critic(x), critic(x), Draw(1, 0), "discriminator/0")
    >>> R1(gamma=2.0)(inputs).numpy()
    array([25., 25.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    def __init__(self, gamma: float = 10.0):
        self.gamma = gamma

    def __call__(self, inputs: PenaltyInputs) -> tf.Tensor:
        """Return (γ/2) ‖∇_x C(x)‖², float32 ``[N]``."""
        real = tf.identity(inputs.real)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(real)
            logits = tf.reduce_sum(inputs.critic(real).logits)
        gradient = tape.gradient(logits, real)
        squared = tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))
        return 0.5 * self.gamma * squared
