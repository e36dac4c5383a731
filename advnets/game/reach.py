"""Refuse players that cannot move, frozen or reached by no gradient; say what else stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from ..errors import UsageError
from ..plugins.origins import at_fault

if TYPE_CHECKING:
    from .losses import Loss

log = logging.getLogger(__name__)


def refuse_frozen(
    player: str, networks: Mapping[str, keras.Model], compiled_for: set[int] | None
) -> None:
    """Refuse a player that has nothing to move, or whose optimizer was built for other variables.

    Args:
        player: Its name.
        networks: Those that move with it, by name.
        compiled_for: The ids of the variables that optimizers were built for, if they were.

    Raises:
        UsageError: In either case.
    """
    variables = {id(v) for network in networks.values() for v in network.trainable_variables}
    if not variables:
        held = sum(network.count_params() for network in networks.values())
        frozen = f"all its {held:,} weights are frozen by `trainable = False`"
        raise UsageError(
            f"the {player} has no weights to train: {frozen if held else 'its layers have none'}",
            hint="there is no need to freeze one player while the other moves, as older GAN code "
            "does: only the one whose turn it is moves. Set trainable = True, and compile again",
        )
    if compiled_for is not None and compiled_for != variables:
        raise UsageError(
            f"`trainable` was changed in the {player} after the game was compiled",
            hint="compile it again: optimizers are built for the variables that move",
        )


def refuse_unreached(
    player: str,
    networks: Mapping[str, keras.Model],
    gradients: list[tf.Tensor | None],
    loss: Loss,
) -> None:
    """Refuse a network that should move and that nothing reaches.

    Args:
        player: Whose turn it is.
        networks: Those that move with it, by name.
        gradients: Of their trainable variables, in this order.
        loss: What is minimised.

    Raises:
        PluginError: By the network's name.
    """
    found = iter(gradients)
    for name, network in networks.items():
        own: list[Any] = [next(found) for _ in network.trainable_variables]
        if own and all(gradient is None for gradient in own):
            raise at_fault(
                loss,
                f"the {player}'s loss does not depend on the {name}: it has no gradient",
                hint=f"check {loss!r} and the networks for a stop_gradient, and for layers that "
                "are frozen by trainable = False in between; what makes the real side is reached "
                "only by a loss that reads it (needs_real)",
            )


def say_unreached(
    player: str, networks: Mapping[str, keras.Model], gradients: list[tf.Tensor | None]
) -> None:
    """Say which weights of a player stay as they began; arguments as for :func:`refuse_unreached`.

    A layer whose words nobody reads, a head for logits beside the features of a loss, is
    legitimate, and a mistake more often than not.
    """
    found = iter(gradients)
    for name, network in networks.items():
        still = [v.path for v in network.trainable_variables if next(found) is None]
        if still:
            more = f" and {len(still) - 4} more" if len(still) > 4 else ""
            log.warning(
                "the %s's %s%s stay as they began: nothing that the %s minimises depends on them",
                name,
                ", ".join(still[:4]),
                more,
                player,
            )
