"""Compute what each player minimises: V(D, G) and what follows from it, per example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ..builtin.games import MinimaxParameters
from ..recipe.validated import validated_by
from ..schedule import scheduled
from .configured import Configured
from .side import Side


def value_function(real: Side, fake: Side) -> tf.Tensor:
    """Compute V(D, G) = log D(x) + log(1 − D(G(z))) in nats, float32 ``[N]``.

    With logits C, D = sigmoid(C): log D = −softplus(−C) and log(1 − D) = −softplus(C).

    Args:
        real: D's output for real examples x ~ p_data.
        fake: D's output for generated ones, G(z) with z ~ p_z.

    Source: Goodfellow et al. 2014, equation 1.

    >>> undecided = Side(tf.zeros([1]))
    >>> value_function(undecided, undecided).numpy()  # −log 4
    array([-1.3862944], dtype=float32)
    """
    return -tf.math.softplus(-real.logits) - tf.math.softplus(fake.logits)


class Loss(Configured):
    """Define what each player minimises; the base class of losses.

    A loss computes; the engine reduces. Both methods get the two sides of a duel with what
    their judge said of them, and return one value per example (or one for each value of the
    logits, where D judges patches or steps: each example's mean is taken); batch size,
    replicas and scaling are none of its business. A loss is applied to each duel.

    Attributes:
        requires: The names it needs in D's output (``logits``, ``energy``, ``features``, …).
        fields: The fields of sides that it reads.
        needs_real: Whether :meth:`generator` reads what D says of real examples. Under
            alternating updates D judges x in G's turn only if so.
        log_odds: Whether ``logits`` are log-odds, log D/(1 − D): then V(D, G), probabilities
            and accuracies are logged.
    """

    requires: tuple[str, ...] = ("logits",)
    fields: tuple[str, ...] = ()
    needs_real: bool = False
    log_odds: bool = False

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return what D minimises, float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no discriminator loss")

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return what G minimises, float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no generator loss")

    def probability(self, side: Side) -> tf.Tensor | None:
        """Return the probability that D gives to "real", where its logits are log-odds."""
        return tf.sigmoid(side.logits) if self.log_odds else None

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return whatever else is to be logged, by name, each ``[N]``."""
        return {}

    def update(self, real: Side, fake: Side) -> None:
        """Change the loss's own state after a round. Called once a round, on every replica.

        State (BEGAN's k) is a variable, an attribute that :func:`advnets.game.state` makes.
        Each replica is given its own share of the batch. What a variable becomes must be
        the same on all of them: use :func:`advnets.game.global_mean` for means over examples.
        """


class Minimax(Loss):
    """Play the minimax game: min_G max_D V(D, G) = E log D(x) + E log(1 − D(G(z))).

    D minimises −V, G minimises the term of V that it can reach, log(1 − D(G(z))).

    Args:
        discriminator_weight: Factor on D's loss, a number or a schedule
            (:func:`advnets.game.scheduled`); 1 in the paper's equation. The authors' code uses ½.

    Source: Goodfellow et al. 2014, equation 1 and Algorithm 1.

    >>> undecided = Side(tf.zeros([1]))
    >>> Minimax().discriminator(undecided, undecided).numpy()  # 2 log 2
    array([1.3862944], dtype=float32)
    """

    log_odds = True

    @validated_by(MinimaxParameters)
    def __init__(self, discriminator_weight: float | Mapping[str, Any] = 1.0):
        self.discriminator_weight = scheduled(discriminator_weight)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −V(D, G) = −log D(x) − log(1 − D(G(z))), float32 ``[N]``."""
        return -self.discriminator_weight() * value_function(real, fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return log(1 − D(G(z))) = −softplus(C(G(z))), float32 ``[N]``."""
        return -tf.math.softplus(fake.logits)


class NonSaturating(Minimax):
    """Play D as in the minimax game; G minimises −log D(G(z)) = softplus(−C(G(z))).

    The same fixed point as minimax, but with a strong gradient while D rejects G's
    samples with confidence.

    Args:
        discriminator_weight: Factor on D's loss; the authors' code uses ½ here and
            none for G.

    Source: Goodfellow et al. 2014, end of section 3.

    >>> float(NonSaturating().generator(Side(), Side(tf.zeros([1])))[0])
    0.6931471824645996
    """

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return −log D(G(z)), float32 ``[N]``."""
        return tf.math.softplus(-fake.logits)
