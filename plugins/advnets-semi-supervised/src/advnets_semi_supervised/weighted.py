"""Weigh each player's part of another loss, down to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.errors import UsageError
from advnets.game import GameContext, Loss, Side, scheduled

from .hooks import WeightedParameters

WEIGHTS = ("discriminator", "generator")


class Weighted(Loss):
    """Minimise L_D = v · ℓ_D and L_G = w · ℓ_G, of any loss ℓ.

    With v = w = 0 no game is played: D learns from its penalties alone, from labels say, with
    the same networks, data and rounds as in a game, which it can be set beside.

    Args:
        loss: ℓ: a :class:`advnets.game.Loss`, or a name or a mapping with parameters.
        discriminator: v ≥ 0, a number or a schedule.
        generator: w ≥ 0, a number or a schedule.
        context: Makes the loss that is named.

    Raises:
        UsageError: If a loss is named without a context.

    >>> from advnets.game import NonSaturating
    >>> loss = Weighted(NonSaturating(), discriminator=0.5, generator=0.0)
    >>> said = Side(tf.zeros([1]))
    >>> loss.discriminator(said, said).numpy()  # ½ · 2 log 2
    array([0.6931472], dtype=float32)
    >>> loss.generator(said, said).numpy()
    array([0.], dtype=float32)
    """

    @validated_by(WeightedParameters)
    def __init__(
        self,
        loss: str | Mapping[str, Any] | Loss = "non_saturating",
        discriminator: float | Mapping[str, Any] = 1.0,
        generator: float | Mapping[str, Any] = 1.0,
        *,
        context: GameContext | None = None,
    ):
        self.loss = loss if isinstance(loss, Loss) else _context(context).make("losses", loss)
        self.discriminator_weight = scheduled(discriminator)
        self.generator_weight = scheduled(generator)
        self.requires, self.fields = self.loss.requires, self.loss.fields
        self.needs_real, self.log_odds = self.loss.needs_real, self.loss.log_odds

    def get_config(self) -> dict[str, Any]:
        """Return the loss itself, whoever made it, and the weights."""
        given = super().get_config()
        return {"loss": self.loss, **{k: v for k, v in given.items() if k in WEIGHTS}}

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return v · ℓ_D, float32 ``[N]``."""
        return self.discriminator_weight() * self.loss.discriminator(real, fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """Return w · ℓ_G, float32 ``[N]``."""
        return self.generator_weight() * self.loss.generator(real, fake)

    def probability(self, side: Side) -> tf.Tensor | None:
        """Return what ℓ takes for D's probability of "real"."""
        return self.loss.probability(side)

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        """Return what ℓ logs."""
        return self.loss.observe(real, fake)

    def update(self, real: Side, fake: Side) -> None:
        """Change the state of ℓ."""
        self.loss.update(real, fake)


def _context(context: GameContext | None) -> GameContext:
    if context is None:
        raise UsageError(
            "a loss is named, and there is no context to make it by",
            hint="give it an object, such as advnets.game.NonSaturating(); recipes name one",
        )
    return context
