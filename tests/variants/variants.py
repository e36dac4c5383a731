"""Variants of the game in one file, as somebody would write them who read the documentation.

Those that ship by now are called `own_…` here.
"""

from __future__ import annotations

import tensorflow as tf
from pydantic import Field

import advnets
from advnets.game import Duel, Encounter, NonSaturating, Penalty, Play, Role, Scene, Side


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """−log p(label), ``[N]``."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


class Auxiliary(Penalty):
    """−log p(label | x), real and generated for D, generated for G (Odena et al. 2017)."""

    player = ("discriminator", "generator")
    requires = ("class_logits",)
    fields = ("label",)

    def __init__(self, weight: float = 1.0):
        self.weight = weight

    def __call__(self, play: Play) -> tf.Tensor:
        sides = [play.fake, play.real] if play.player == "discriminator" else [play.fake]
        each = [cross_entropy(side.fields["label"], side.class_logits) for side in sides]
        return self.weight * tf.add_n(each)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        found = tf.argmax(play.real.class_logits, 1) == play.real.fields["label"]
        return {"class_accuracy": tf.cast(found, tf.float32)}


class Information(Penalty):
    """−log q(code | G(z, code)), for both players (Chen et al. 2016)."""

    player = ("discriminator", "generator")
    requires = ("code_logits",)
    fields = ("code",)

    def __call__(self, play: Play) -> tf.Tensor:
        return cross_entropy(play.fake.fields["code"], play.fake.code_logits)


class Reading(Penalty):
    """The same by a network of its own, which moves with G."""

    player = "generator"
    fields = ("code",)
    roles = {"q": Role("example", "code")}

    def __call__(self, play: Play) -> tf.Tensor:
        return cross_entropy(play.fake.fields["code"], play.call("q", play.fake))


class Inference(Encounter):
    """D judges pairs: (x, E(x)) against (G(z), z) (Donahue et al., Dumoulin et al. 2017)."""

    roles = {
        "encoder": Role("example", "latent"),
        "discriminator": Role(("example", "latent"), "logits"),
    }

    def real(self, scene: Scene) -> Side:
        x = super().real(scene)
        return x.having(latent=scene.call("encoder", x))


class Cycle(Penalty):
    """w · mean |x − G(E(x))|, for G and E: which of E's codes is x's (Li et al. 2017, ALICE)."""

    player = "generator"
    roles = {"encoder": Role("example", "latent")}

    def __init__(self, weight: float = 1.0):
        self.weight = weight

    def __call__(self, play: Play) -> tf.Tensor:
        x = play.real.example
        back = play.call("generator", latent=play.call("encoder", example=x))
        return self.weight * tf.reduce_mean(tf.abs(x - back), axis=range(1, x.shape.rank))


class Symmetric(NonSaturating):
    """G (and E) want D to be wrong on both sides."""

    needs_real = True

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.nn.softplus(-fake.logits) + tf.nn.softplus(real.logits)


class Aggregated(Encounter):
    """D tells z from E(x): an adversarial auto-encoder (Makhzani et al. 2015)."""

    roles = {
        "encoder": Role("example", "latent"),
        "discriminator": Role("latent", "logits"),
    }

    def real(self, scene: Scene) -> Side:
        return Side(latent=scene.told("latent"))

    def fake(self, scene: Scene) -> Side:
        x = scene.batch.side()
        return x.having(latent=scene.call("encoder", x))

    def sample(self, scene: Scene) -> Side:
        return Side(example=scene.call("generator"), latent=scene.told("latent"))


class Reconstruction(Penalty):
    """‖G(E(x)) − x‖² of that auto-encoder."""

    player = "generator"

    def __call__(self, play: Play) -> tf.Tensor:
        again = play.call("generator", play.fake)
        squares = (again - play.fake.example) ** 2
        return tf.reduce_sum(squares, axis=list(range(1, len(squares.shape))))


class Twice(Encounter):
    """Two judges of the same example."""

    roles = {name: Role("example", "logits") for name in ("discriminator", "second")}

    def meet(self, scene: Scene) -> dict[str, Duel]:
        x, fake = self.real(scene), self.fake(scene)
        return {
            "first": Duel(x, fake, weight=0.5),
            "second": Duel(x, fake, judge="second", weight=0.5),
        }


class Distilled(Encounter):
    """D tells a frozen teacher's examples from G's, of the same z."""

    roles = {"teacher": Role("latent", "example", player=None)}

    def real(self, scene: Scene) -> Side:
        return Side(example=scene.call("teacher"), latent=scene.told("latent"))


class WeightParameters(advnets.Parameters):
    """Validate the parameters of a term."""

    weight: float = Field(1.0, ge=0, description="of the term")


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    return [advnets.Component("both_sides", f"{__name__}:Symmetric")]


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return [
        advnets.Component(
            "own_auxiliary", f"{__name__}:Auxiliary", "AC-GAN's term", WeightParameters
        ),
        advnets.Component("cycle", f"{__name__}:Cycle", "G(E(x)) is near x", WeightParameters),
        advnets.Component("own_information", f"{__name__}:Information"),
        advnets.Component("reading", f"{__name__}:Reading"),
        advnets.Component("reconstruction", f"{__name__}:Reconstruction"),
    ]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    names = ("aggregated", "twice", "distilled")
    named = [advnets.Component(name, f"{__name__}:{name.capitalize()}") for name in names]
    return [advnets.Component("own_inference", f"{__name__}:Inference"), *named]
