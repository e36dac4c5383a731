"""Variants that lean on what the others leave alone, in one file: state in many places, judges of
parts, a second generator, a game that makes no examples.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from pydantic import Field

import advnets
from advnets.game import (
    R1,
    Augmentation,
    Duel,
    Encounter,
    Loss,
    Penalty,
    Play,
    Role,
    Scene,
    Side,
    global_mean,
    scheduled,
    state,
)


class Schedule:
    """What a weight is, and was: an object that knows nothing of games."""

    def __init__(self, first: float):
        self.parts = {"now": [state(first)]}

    @property
    def now(self) -> tf.Variable:
        return self.parts["now"][0]


class GrowingR1(R1):
    """R1 whose weight grows with each D step, in a variable two containers deep."""

    def __init__(self) -> None:
        super().__init__(0.1)
        self.schedule = Schedule(0.1)

    def __call__(self, play: Play) -> tf.Tensor:
        self.schedule.now.assign(self.schedule.now * 1.01)
        return self.schedule.now * super().__call__(play)


def own_variable() -> Penalty:
    """R1 by hand, its weight a variable of TensorFlow's that grows in each call."""

    class Own(Penalty):
        requires = ("logits",)

        def __init__(self) -> None:
            only = tf.VariableAggregation.ONLY_FIRST_REPLICA
            self.gamma = tf.Variable(0.1, trainable=False, aggregation=only)

        def __call__(self, play: Play) -> tf.Tensor:
            x = play.real.x
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(x)
                logits = play.real.critic(x).logits
            slope = tape.gradient(logits, x)
            self.gamma.assign(self.gamma * 1.01)
            return 0.5 * self.gamma * tf.reduce_sum(slope**2, list(range(1, len(slope.shape))))

    return Own()


class Balance(Penalty):
    """Hold D's mean opinion near 0 by a weight that follows it, changed once a round."""

    requires = ("logits",)

    def __init__(self) -> None:
        self.weight = state(0.1)

    def __call__(self, play: Play) -> tf.Tensor:
        return self.weight * (play.real.logits + play.fake.logits) ** 2

    def update(self, play: Play) -> None:
        self.weight.assign_add(0.01 * global_mean(tf.abs(play.real.logits)))

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        return {"balance": tf.fill([play.real.size], tf.identity(self.weight))}


class Turned(Augmentation):
    """−x with probability p, which follows E sign C(x) (Karras et al. 2020)."""

    geometric = False
    requires = ("logits",)

    def __init__(self) -> None:
        self.p = state(0.25)

    def __call__(self, x: tf.Tensor, draw: Any, stream: str) -> tf.Tensor:
        chosen = draw.uniform(stream, (1,) * (len(x.shape) - 1), tf.shape(x)[0]) < self.p
        return tf.where(chosen, -x, x)

    def update(self, play: Play) -> None:
        sure = global_mean(tf.sign(play.real.logits))
        self.p.assign(tf.clip_by_value(self.p + 0.05 * tf.sign(sure), 0.0, 1.0))

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        return {"turned_p": tf.fill([play.real.size], tf.identity(self.p))}


class Rising(Loss):
    """The non-saturating loss, and w (C(x)² + C(G(z))²) for D, whose weight w rises."""

    def __init__(self, weight: Any = 0.1):
        self.weight = scheduled(weight)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        drift = self.weight() * (real.logits**2 + fake.logits**2)
        return tf.nn.softplus(-real.logits) + tf.nn.softplus(fake.logits) + drift

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.nn.softplus(-fake.logits)

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        return {"weight": tf.fill([fake.size], tf.cast(self.weight(), tf.float32))}


class RisingParameters(advnets.Parameters):
    """Validate the parameters of ``rising``."""

    weight: advnets.Weight = Field(0.1, description="of the squares: a number, or a schedule")


class Replay(Encounter):
    """D sees old samples as well, of a pool; G plays against new ones (Shrivastava et al. 2017)."""

    def __init__(self, context: Any, size: int = 24):
        self.pool = state(tf.zeros([size, *context.spec.shape]))
        self.at = state(0)

    def meet(self, scene: Scene) -> dict[str, Duel]:
        x, now = self.real(scene), self.fake(scene)
        u = scene.draw.uniform(f"{scene.stage}/pool", (), scene.size)
        old = Side(example=tf.gather(self.pool, tf.cast(u * self.pool.shape[0], tf.int32)))
        d, g = ("discriminator",), ("generator",)
        return {
            "now": Duel(x, now, weight=0.5, players=d),
            "old": Duel(x, old, weight=0.5, players=d),
            "move": Duel(x, now, players=g),
        }

    def update(self, play: Play) -> None:
        new = play.duels["now"].fake.example
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync > 1:
            new = context.all_gather(new, axis=0)
        count = 8
        where = (tf.range(count) + self.at) % self.pool.shape[0]
        kept = tf.tensor_scatter_nd_update(tf.identity(self.pool), where[:, None], new[:count])
        self.pool.assign(kept)
        self.at.assign_add(count)


class Pair(Encounter):
    """Two generators against one judge, half of it each."""

    roles = {"generator_b": Role("latent", "example")}

    def meet(self, scene: Scene) -> dict[str, Duel]:
        x = self.real(scene)
        other = Side(example=scene.call("generator_b"), latent=scene.told("latent"))
        return {"a": Duel(x, self.fake(scene), weight=0.5), "b": Duel(x, other, weight=0.5)}


class Invariant(Encounter):
    """Features that do not tell whether x was turned (Ganin et al. 2016, on a group of two)."""

    roles = {
        "generator": Role("example", {"features": (4,)}),
        "discriminator": Role({"features": (4,)}, "logits"),
        "classifier": Role({"features": (4,)}, "label"),
    }
    sample = None  # it makes no examples

    def real(self, scene: Scene) -> Side:
        x = scene.batch.side()
        return x.having(features=scene.call("generator", x))

    def fake(self, scene: Scene) -> Side:
        x = scene.batch.side()
        x = x.having(example=tf.reverse(x.example, [-1]))
        return x.having(features=scene.call("generator", x))


class Hidden(Encounter):
    """D tells codes of examples from G's, and a third network makes examples of them (Yoon et al.
    2019, without time).
    """

    roles = {
        "embedder": Role("example", {"hidden": (4,)}),
        "recovery": Role({"hidden": (4,)}, "example"),
        "generator": Role("latent", {"hidden": (4,)}),
        "discriminator": Role({"hidden": (4,)}, "logits"),
    }

    def real(self, scene: Scene) -> Side:
        x = scene.batch.side()
        return x.having(hidden=scene.call("embedder", x))

    def fake(self, scene: Scene) -> Side:
        return Side(hidden=scene.call("generator"), latent=scene.told("latent"))

    def sample(self, scene: Scene) -> Side:
        made = self.fake(scene)
        return made.having(example=scene.call("recovery", made))


class Recovered(Penalty):
    """‖R(E(x)) − x‖² of these codes."""

    player = "generator"

    def __call__(self, play: Play) -> tf.Tensor:
        again = play.call("recovery", play.real)
        return tf.reduce_sum((again - play.real.example) ** 2, axis=-1)


class Classified(Penalty):
    """The classifier of these features: it moves with G."""

    player = "generator"
    fields = ("label",)

    def __call__(self, play: Play) -> tf.Tensor:
        said = play.call("classifier", play.real)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(play.real.fields["label"], said)


def parts(context: Any, parts: list[int], layers: list[int]) -> keras.Model:
    """A judge that says something of each part of an example: logits of the shape ``parts``."""
    inputs = context.inputs()
    x = context.joined(inputs)
    for index, units in enumerate(layers):
        x = context.dense(units, f"hidden_{index}", "leaky_relu")(x)
    count = 1
    for size in parts:
        count *= size
    said = keras.layers.Reshape(tuple(parts), dtype="float32")(context.dense(count, "logits")(x))
    return context.model(inputs, said)


class PartsParameters(advnets.Parameters):
    """Validate the parameters of ``parts``."""

    parts: list[int] = Field(description="shape of what is said")
    layers: list[int] = Field([8], description="units of each hidden layer")


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return [
        advnets.Component("growing_r1", f"{__name__}:GrowingR1"),
        advnets.Component("own_variable", f"{__name__}:own_variable"),
        advnets.Component("balance", f"{__name__}:Balance"),
        advnets.Component("classified", f"{__name__}:Classified"),
        advnets.Component("recovered", f"{__name__}:Recovered"),
    ]


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    return [advnets.Component("rising", f"{__name__}:Rising", "w rises", RisingParameters)]


@advnets.hookimpl
def advnets_augmentations() -> list[advnets.Component]:
    return [advnets.Component("turned", f"{__name__}:Turned", "an adaptive one")]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    names = ("replay", "pair", "invariant", "hidden")
    return [advnets.Component(name, f"{__name__}:{name.capitalize()}") for name in names]


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    return [
        advnets.Component(
            "parts",
            f"{__name__}:parts",
            "a judge of parts",
            PartsParameters,
            roles=("discriminator",),
        )
    ]
