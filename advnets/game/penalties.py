"""Penalise: add terms to a player's loss, given the play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ..builtin.games import R1Parameters
from ..recipe.validated import validated_by
from ..schedule import scheduled
from .configured import Configured
from .play import Play
from .role import Declared, Role
from .slopes import slope_of, squared_norm


class Penalty(Configured):
    """Define a term of one player's loss, or of both; the base class of penalties.

    Attributes:
        player: Whose loss it is added to: ``discriminator``, ``generator``, or both.
        requires: The names it needs in D's output.
        fields: The fields of sides that it reads.
        roles: What networks do that it calls, by name.
        streams: The further streams of examples that it reads, ``("other",)``, or the fields
            that it reads of each, ``{"labelled": ("label",)}``; ``play.batch.streams`` has them.
        needs_real: For a penalty of the generator: whether it reads what D says of real
            examples.
        once: Whether it is called once a play; else for each duel.
        classifies: The words of D that are logits of a field's classes, ``{"class_logits":
            "label"}``; of a stream's field, ``"labelled.label"``. They have to be as many.
        log_odds: Whether it takes D's logits for log-odds, as the loss beside it then has to, and
            completes that loss's term -log D(x): it has the weight of its duel.
        reads_signs: Whether C(x) = 0 means something to it, as it then has to by the loss.
    """

    player: str | tuple[str, ...] = "discriminator"
    requires: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    roles: Mapping[str, Role] = {}
    streams: Declared = ()
    needs_real: bool = False
    once: bool = False
    classifies: Mapping[str, str] = {}
    log_odds: bool = False
    reads_signs: bool = False

    def __call__(self, play: Play) -> tf.Tensor:
        """Return the penalty, its weight included, one value per example: float32 ``[n]``.

        Args:
            play: What was played: ``play.real`` and ``play.fake`` are the sides of the duel,
                ``play.player`` whose turn it is; ``play.call`` and ``play.judge`` call
                networks, ``play.draw`` has the random numbers of the round.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no penalty")

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what else is to be logged, by name, each ``[N]``."""
        return {}

    def update(self, play: Play) -> None:
        """Change the penalty's own state, once a round, where replicas meet."""


def players_of(penalty: Penalty) -> tuple[str, ...]:
    """Return the players whose losses a penalty is added to."""
    return (penalty.player,) if isinstance(penalty.player, str) else tuple(penalty.player)


class R1(Penalty):
    """Penalise the discriminator by (γ/2) ‖∇_x C(x)‖² on real examples.

    What else D is told, a label say, stays as it is: x alone is differentiated by.

    Args:
        gamma: γ, the weight: a number, or a schedule (:func:`advnets.game.scheduled`).

    Source: Mescheder et al. 2018 (arXiv:1801.04406), equation 9.

    A linear critic C(x) = ⟨w, x⟩ has gradient w everywhere, so R1 = (γ/2) ‖w‖²:

    >>> from advnets.testing import play_of
    >>> def critic(x):
    ...     return tf.linalg.matvec(x, tf.constant([3.0, 4.0]))
    >>> x = tf.ones([2, 2])
    >>> R1(gamma=2.0)(play_of(critic, x, x)).numpy()
    array([25., 25.], dtype=float32)
    """

    player = "discriminator"
    requires = ("logits",)

    @validated_by(R1Parameters)
    def __init__(self, gamma: float | Mapping[str, Any] = 10.0):
        self.gamma = scheduled(gamma)

    def __call__(self, play: Play) -> tf.Tensor:
        """Return (γ/2) ‖∇_x C(x)‖², float32 ``[N]``."""
        return 0.5 * self.gamma() * squared_norm(slope_of(play.real, play.real.x))
