"""V(D, G), the value function of the game."""

from __future__ import annotations

import tensorflow as tf

from .output import DiscriminatorOutput


def value_function(real: DiscriminatorOutput, fake: DiscriminatorOutput) -> tf.Tensor:
    """V(D, G) = log D(x) + log(1 − D(G(z))) in nats, float32 ``[N]``.

    With logits C, D = sigmoid(C): log D = −softplus(−C) and log(1 − D) = −softplus(C).

    Args:
        real: What D said of real examples x ~ p_data.
        fake: What D said of generated ones, G(z) with z ~ p_z.

    Source: Goodfellow et al. 2014, equation 1.

    >>> undecided = DiscriminatorOutput(tf.zeros([1]))
    >>> value_function(undecided, undecided).numpy()  # −log 4
    array([-1.3862944], dtype=float32)
    """
    return -tf.math.softplus(-real.logits) - tf.math.softplus(fake.logits)
