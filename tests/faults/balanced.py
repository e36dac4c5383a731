"""A plugin for the tests: a loss with a state of its own, as BEGAN's is.

With E = softplus(−logit), D minimises E(x) − k·E(G(z)), G minimises E(G(z)), and after every
round k moves by λ (γ mean E(x) − mean E(G(z))), within [0, 1] (Berthelot et al. 2017).
"""

from __future__ import annotations

import tensorflow as tf

from advnets import Component, hookimpl
from advnets.game import Loss, Side, global_mean

GAIN, RATIO = 0.05, 0.7


class Balanced(Loss):
    """The loss; ``variables`` holds k."""

    def __init__(self) -> None:
        self.k = tf.Variable(
            0.1, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
        )

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """E(x) − k·E(G(z))."""
        return _energy(real) - self.k * _energy(fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """E(G(z))."""
        return _energy(fake)

    def update(self, real: Side, fake: Side) -> None:
        """Move k towards the balance of the two energies."""
        gap = RATIO * global_mean(_energy(real)) - global_mean(_energy(fake))
        self.k.assign(tf.clip_by_value(self.k + GAIN * gap, 0.0, 1.0))


def _energy(output: Side) -> tf.Tensor:
    return tf.nn.softplus(-output.logits)


@hookimpl
def advnets_losses() -> list[Component]:
    """The loss, as ``balanced``."""
    return [Component("balanced", f"{__name__}:Balanced")]
