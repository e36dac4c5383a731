"""R1: a zero-centred gradient penalty on real examples."""

from __future__ import annotations

import tensorflow as tf

from ..penalty import Penalty, PenaltyInputs


class R1(Penalty):
    """(γ/2) ‖∇_x C(x)‖² on real examples, for the discriminator.

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
        """(γ/2) ‖∇_x C(x)‖², float32 ``[N]``."""
        real = tf.identity(inputs.real)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(real)
            logits = tf.reduce_sum(inputs.critic(real).logits)
        gradient = tape.gradient(logits, real)
        squared = tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))
        return 0.5 * self.gamma * squared
