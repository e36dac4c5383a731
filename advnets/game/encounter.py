"""Let the players meet: say what is judged, a batch of each side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from ..errors import PluginError
from .configured import Configured
from .role import PLAYERS, Declared, Role
from .side import Side

if TYPE_CHECKING:
    from .play import Play
    from .scene import Scene


UNEQUAL = "is of unequal sides"
ONE_SIZE = (
    "both sides of a duel have one size: batches of a stream on one of them are as large as the "
    "data's, the last one too (batch(64, drop_remainder=True))"
)


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


def check_duels(duels: Any) -> Mapping[str, Duel]:
    """Return what an encounter's ``meet`` returned, if it is duels of equal sides.

    Raises:
        PluginError: If it is anything else.
    """
    if not isinstance(duels, Mapping) or not duels:
        raise PluginError(
            f"an encounter's `meet` returns duels by name, not {type(duels).__name__}"
        )
    for name, duel in duels.items():
        if not isinstance(duel, Duel):
            raise PluginError(f"the duel {name!r} is no Duel but {type(duel).__name__}")
        for which, side in (("real", duel.real), ("fake", duel.fake)):
            if not isinstance(side, Side):
                raise PluginError(
                    f"the {which} side of a duel is no Side but {type(side).__name__}",
                    hint="an encounter's `real` and `fake` return a Side",
                )
        sizes = [side.size for side in (duel.real, duel.fake)]
        if all(isinstance(size, int) for size in sizes) and sizes[0] != sizes[1]:
            raise PluginError(
                f"the duel {name!r} {UNEQUAL}: {sizes[0]} real examples, {sizes[1]} fake",
                hint=ONE_SIZE,
            )
        if any(isinstance(size, int) for size in sizes) and sizes[0] is not sizes[1]:
            assert_equal_sides(name, duel)
    return duels


def assert_equal_sides(name: str, duel: Duel) -> None:
    """Let a round fail in which the sides of a duel turn out to be of unequal sizes: one example
    would be compared with each of the others.
    """
    sizes = [side.size for side in (duel.real, duel.fake)]
    tf.debugging.assert_equal(*sizes, message=f"the duel {name!r} {UNEQUAL}")


def explain_unequal(error: tf.errors.OpError) -> PluginError | None:
    """Return what a failed round says to whoever plays it, if it failed for this."""
    found = re.search(f"the duel '[^']*' {UNEQUAL}", error.message.replace("\\'", "'"))
    return PluginError(found[0], hint=ONE_SIZE) if found else None


class Encounter(Configured):
    """Say what is judged; the base class of encounters, and the original game's own.

    The real side is x with its fields, the fake side G(z, conditions) with these conditions.
    A loss says what the judge's words are worth, penalties are all further terms, an update
    rule says who moves when: any of them goes with any encounter.

    Attributes:
        roles: What networks do, by name; added to, or replacing, those of the generator
            (latent → example) and the discriminator (example → logits).
        streams: The further streams of examples that it reads, ``("other",)``, or the fields
            that it reads of each, ``{"labelled": ("label",)}``; ``scene.batch.streams`` has them.
    """

    roles: Mapping[str, Role] = {}
    streams: Declared = ()

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

    def columns(self, scene: Scene, side: Side) -> Mapping[str, tf.Tensor | None] | None:
        """Return what samples are shown next to in grids, and they themselves, by labels.

        Args:
            scene: Outside of a round. ``scene.batch.examples`` are the real examples that
                conditions and fields were drawn with, or ``None`` where those were given.
            side: The samples, with the latent and all that they were made of as fields.

        Returns:
            Examples ``[n, ...]`` in the networks' range, or ``None`` for no such column;
            ``{}``: samples alone. ``None``: images that the generator was told, if it was told
            any, then the samples, then the real ones.
        """
        return None

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
