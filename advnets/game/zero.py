"""Hold components that read the sign of D's logits against the loss beside them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import tensorflow as tf

from ..plugins.origins import misused
from ..schedule import at_round
from .augmentations import Augmentation
from .log_odds import FAR
from .losses import Loss
from .penalties import Penalty
from .side import Side

if TYPE_CHECKING:
    from .game import AdversarialGame

log = logging.getLogger(__name__)

REAL, FAKE = (1.5, -0.25, 0.5), (-0.75, 0.25, -2.0)


def check_zero(game: AdversarialGame) -> None:
    """Refuse a component for which C = 0 means something, where by the loss it means nothing.

    A loss of differences alone, such as C(x) - C(G(z)), leaves C a constant, which lets D's
    signs be anything.

    Raises:
        UsageError: At the component's place in the recipe.
    """
    components: tuple[Penalty | Augmentation, ...] = (*game.penalties, *game.augmentations)
    for component in components:
        if component.reads_signs and _leaves_a_constant(game.loss):
            raise misused(
                component,
                f"{type(component).__name__} reads the sign of D's logits, and "
                f"{type(game.loss).__name__} compares them with each other alone: with any "
                "constant added they are as good",
                hint="choose a loss such as non_saturating or hinge, or leave it out",
            )


def _leaves_a_constant(loss: Loss) -> bool:
    """Tell whether D's loss is the same for C + 1 as for C: now, and at the end of schedules."""
    try:
        for step in (0, FAR):
            with at_round(tf.constant(step, tf.int64)):
                alone, shifted = (
                    loss.discriminator(Side(tf.constant(REAL) + c), Side(tf.constant(FAKE) + c))
                    for c in (0.0, 1.0)
                )
            if tf.reduce_max(tf.abs(alone - shifted)) >= 1e-5:
                return False
        return True
    except Exception as error:
        log.debug("%s was not to be asked whether it compares logits alone: %s", loss, error)
        return False
