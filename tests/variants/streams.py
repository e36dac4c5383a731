"""Games that read further streams of examples, as a plugin: labels of a few, and two domains."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

import advnets
from advnets.game import Duel, Encounter, Penalty, Play, Role, Scene, Side


class Supervised(Penalty):
    """−log p(label | x) on the stream `labelled`."""

    once, player, requires = True, "discriminator", ("class_logits",)
    streams = {"labelled": ("label",)}

    def __call__(self, play: Play) -> tf.Tensor:
        said = play.judge(play.batch.streams["labelled"].side())
        return tf.nn.sparse_softmax_cross_entropy_with_logits(
            said.fields["label"], said["class_logits"]
        )


class Translation(Encounter):
    """Two domains, the second a stream: b → a and a → b, each with its judge."""

    roles = {
        "generator": Role({"example": "other.example"}, "example"),
        "generator_b": Role("example", {"example": "other.example"}),
        "discriminator_b": Role({"example": "other.example"}, "logits"),
    }
    streams = ("other",)

    def meet(self, scene: Scene) -> dict[str, Duel]:
        a, b = scene.batch.side(), scene.batch.streams["other"].side()
        to_a, to_b = scene.call("generator", b), scene.call("generator_b", a)
        return {
            "a": Duel(a, Side(example=to_a)),
            "b": Duel(b, Side(example=to_b), judge="discriminator_b"),
        }

    def sample(self, scene: Scene) -> Side:
        return Side(example=scene.call("generator", scene.batch.streams["other"].side()))


def gap(context: Any) -> list[Any]:
    """How far the means of the two domains' held-out examples are apart."""
    from advnets.evaluate import Score

    one, other = context.examples("test"), context.examples("test", stream="other")
    return [Score("gap", float(other.mean() - one.mean()), 0.0, context.protocol())]


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return [advnets.Component("own_supervised", f"{__name__}:Supervised", "−log p(label | x)")]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    return [advnets.Component("translation", f"{__name__}:Translation", "two domains")]


@advnets.hookimpl
def advnets_metrics() -> list[advnets.Component]:
    return [advnets.Component("gap", f"{__name__}:gap", "how far apart")]
