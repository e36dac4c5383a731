"""Let the players meet: say what is judged, a batch of each side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorflow as tf

from .role import PLAYERS, Role
from .side import Side

if TYPE_CHECKING:
    from .scene import Play, Scene


@dataclass(frozen=True)
class Duel:
    """Hold two sides for a judge: it learns to tell them apart, the generator to deceive it.

    Attributes:
        real: What the judge is to call real; a batch of the same size as the other.
        fake: What it is to call generated.
        judge: The network that judges, which gives ``logits`` or ``energy``.
        weight: Factor on the loss of this duel.
        players: Whose loss it is part of.
    """

    real: Side
    fake: Side
    judge: str = "discriminator"
    weight: float | tf.Tensor = 1.0
    players: tuple[str, ...] = PLAYERS


class Encounter:
    """Say what is judged; the base class of encounters, and the original game's own.

    The real side is x with its fields, the fake side G(z, conditions) with these conditions.
    A loss says what the judge's words are worth, penalties are all further terms, an update
    rule says who moves when: any of them goes with any encounter.

    Attributes:
        roles: What networks do, by name; added to, or replacing, those of the generator
            (latent → example) and the discriminator (example → logits).
    """

    roles: Mapping[str, Role] = {}

    def real(self, scene: Scene) -> Side:
        """Return the real side: x, its fields, and the conditions that real examples have."""
        return scene.batch.side().having(**scene.conditions_of_examples())

    def fake(self, scene: Scene) -> Side:
        """Return the fake side: G of the latent and of what it is told, with these as fields."""
        fields = {name: scene.told(name) for name in scene.fields_of("generator")}
        latent = scene.told("latent") if scene.has_latent else None
        return Side(example=scene.call("generator"), latent=latent, **fields)

    def meet(self, scene: Scene) -> Mapping[str, Duel]:
        """Return the duels, by name: one of the two sides, unless overridden."""
        return {"": Duel(self.real(scene), self.fake(scene))}

    def sample(self, scene: Scene) -> Side:
        """Return generated examples outside of a round; an encounter that makes none says
        ``sample = None``.
        """
        return self.fake(scene)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what else is to be logged, by name, each ``[N]``."""
        return {}

    def update(self, play: Play) -> None:
        """Change the encounter's own state, once a round, where replicas meet."""


class Generated(Encounter):
    """Let D tell x from G(z): the game of Goodfellow et al. 2014, conditional where G is told
    more than z.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661); Mirza and Osindero 2014
    (arXiv:1411.1784) where fields are given.
    """
