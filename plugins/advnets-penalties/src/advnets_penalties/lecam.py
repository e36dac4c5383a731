"""Hold D's words of one side to where those of the other have been, as LeCam."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import validated_by
from advnets.game import (
    GameContext,
    Penalty,
    Play,
    current_round,
    global_mean,
    scheduled,
    state,
)

from .hooks import LeCamParameters

log = logging.getLogger(f"advnets.{__name__}")  # which advnets shows, and who uses it silences


class LeCam(Penalty):
    """Penalise the discriminator by λ (C(x) − α_F)² + λ (C(G(z)) − α_R)².

        α_R ← d α_R + (1 − d) E C(x),   α_F ← d α_F + (1 − d) E C(G(z))   after each round

    by means of the global batch. Until the round ``begin`` the term is 0 and d = 0: the averages
    then start from a D that knows something. With the Wasserstein loss, D's optimum measures
    a LeCam divergence of both distributions, and it is steadier where data are few.

    Args:
        weight: λ, a number or a schedule; 0.3 in the authors' code for BigGAN on CIFAR-10.
        decay: d, how slowly the averages follow; 0.99 in the authors' code for StyleGAN2.
        begin: The first round in which the term counts; one that a run does not come to is warned
            of.
        context: Of a run, which has so many rounds.

    Source: Tseng et al. 2021 (arXiv:2104.03310). (The authors' code counts C(x) above α_F and
    C(G(z)) below α_R only.)

    >>> from advnets.testing import play_of
    >>> x, y = tf.constant([[3.0], [1.0]]), tf.constant([[-1.0], [0.0]])
    >>> play, lecam = play_of(lambda x: x[:, 0], x, y), LeCam(weight=1.0)
    >>> lecam.real.assign(2.0), lecam.fake.assign(-1.0)  # doctest: +ELLIPSIS
    (...)
    >>> lecam(play).numpy()  # (3 + 1)² + (−1 − 2)², (1 + 1)² + (0 − 2)²
    array([25.,  8.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(LeCamParameters)
    def __init__(
        self,
        weight: float | Mapping[str, Any] = 0.3,
        decay: float = 0.99,
        begin: int = 1000,
        *,
        context: GameContext | None = None,
    ):
        self.weight = scheduled(weight)
        self.decay, self.begin = decay, begin
        self.real, self.fake = state(0.0), state(0.0)
        if context is not None and begin >= context.steps:
            log.warning(
                "the penalty 'lecam' begins in round %s, and the run has %s: it changes nothing",
                *(begin, context.steps),
            )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again, without the run's context."""
        return {k: v for k, v in super().get_config().items() if k != "context"}

    def __call__(self, play: Play) -> tf.Tensor:
        """Return λ (C(x) − α_F)² + λ (C(G(z)) − α_R)², float32 ``[N]``; 0 before ``begin``."""
        apart = _mean_of_parts(tf.square(play.real.logits - self.fake))
        apart += _mean_of_parts(tf.square(play.fake.logits - self.real))
        return tf.where(self._begun(), self.weight() * apart, 0.0)

    def update(self, play: Play) -> None:
        """Move both averages towards the means of the global batch."""
        decay = tf.where(self._begun(), self.decay, 0.0)
        for average, side in ((self.real, play.real), (self.fake, play.fake)):
            mean = global_mean(_mean_of_parts(side.logits))
            average.assign(decay * average + (1.0 - decay) * mean)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return for the log α_R and α_F."""
        n = [play.fake.size]
        return {"lecam_real": tf.fill(n, self.real), "lecam_fake": tf.fill(n, self.fake)}

    def _begun(self) -> tf.Tensor:
        now = current_round()
        # Outside of rounds, where somebody tries the term by hand, it counts.
        return tf.constant(True) if now is None else tf.cast(now, tf.int64) >= self.begin


def _mean_of_parts(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, axis=list(range(1, len(values.shape))))
