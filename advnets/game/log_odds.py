"""Hold penalties that take D's logits for log-odds against the loss beside them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import tensorflow as tf

from ..plugins.origins import misused
from ..schedule import at_round
from .losses import Loss
from .side import Side

if TYPE_CHECKING:
    from .game import AdversarialGame

log = logging.getLogger(__name__)

FAR = 2**40
"""A round after the end of any schedule."""


def check_log_odds(game: AdversarialGame) -> None:
    """Refuse a penalty that takes logits for what they are not by the loss.

    Such a penalty completes the term -log D(x) of D's loss, which has to have the weight 1. (A
    duel's weight is no matter: the penalty is given it, too.)

    Raises:
        UsageError: At the penalty's place in the recipe.
    """
    for penalty in game.penalties:
        if penalty.log_odds and not game.loss.log_odds:
            raise misused(
                penalty,
                f"{type(penalty).__name__} takes D's logits for log-odds, log D/(1 - D), and by "
                f"{type(game.loss).__name__} they are none",
                hint="leave the penalty out, or choose a loss such as non_saturating",
            )
        weight = _weight_of_real(game.loss) if penalty.log_odds else 1.0
        if weight != 1.0:
            raise misused(
                penalty,
                f"{type(penalty).__name__} adds to the term -log D(x) of D's loss, which has a "
                f"weight of {weight:.3g} by {type(game.loss).__name__}: beside another weight "
                "than 1 it does not do what it says",
                hint="give D's loss the weight 1: discriminator_weight, of the loss",
            )


def _weight_of_real(loss: Loss) -> float:
    """Return by what D's loss of real examples is -log D(x) times a weight: now, else at the end.

    Its slope by C at C = 0, where that of -log D(x) = softplus(-C) is -1/2. 1 where it reads more
    than logits, and cannot be asked.
    """
    for step in (0, FAR):
        try:
            with tf.GradientTape() as tape, at_round(tf.constant(step, tf.int64)):
                logits = tf.zeros([1])
                tape.watch(logits)
                said = loss.discriminator(Side(logits), Side(tf.zeros([1])))
            slope = tape.gradient(said, logits)
        except Exception as error:
            log.debug("%s was not to be asked what it weighs real examples by: %s", loss, error)
            return 1.0
        weight = 0.0 if slope is None else round(-2.0 * float(slope[0]), 3)
        if weight != 1.0:
            return weight
    return 1.0
