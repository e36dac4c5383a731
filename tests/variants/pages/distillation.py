"""Distillation: D tells a frozen teacher's samples from a student's of the same z."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from advnets import Component, Parameters, hookimpl

if TYPE_CHECKING:
    import tensorflow as tf

    from advnets.game import Encounter, Penalty, Play, Scene, Side


class ImitationParameters(Parameters):
    weight: float = Field(1.0, ge=0, description="λ")


@hookimpl
def advnets_encounters() -> list[Component]:
    return [Component("distillation", "distillation:encounter", "T(z) against G(z), T frozen")]


@hookimpl
def advnets_penalties() -> list[Component]:
    summary = "λ · mean |T(z) - G(z)|, for G"
    return [Component("imitation", "distillation:imitation", summary, ImitationParameters)]


def encounter() -> Encounter:
    """Return who meets whom; the batch's examples are not used."""
    from advnets.game import Encounter, Role, Side

    class Distillation(Encounter):
        roles = {"teacher": Role("latent", "example", player=None)}

        def real(self, scene: Scene) -> Side:
            """Return what the teacher makes of the same latent points."""
            return Side(latent=scene.told("latent"), example=scene.call("teacher"))

    return Distillation()


def imitation(weight: float) -> Penalty:
    """Return the term of G."""
    import tensorflow as tf

    from advnets.game import Penalty

    class Imitation(Penalty):
        player = "generator"

        def __call__(self, play: Play) -> tf.Tensor:
            return weight * self.distance(play)

        def distance(self, play: Play) -> tf.Tensor:
            """Return the mean |T(z) - G(z)| of each z."""
            off = tf.abs(play.real.example - play.fake.example)
            return tf.reduce_mean(off, list(range(1, len(off.shape))))

        def observe(self, play: Play) -> dict[str, tf.Tensor]:
            return {"off_teacher": self.distance(play)}

    return Imitation()
