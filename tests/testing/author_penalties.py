"""Right penalties, as authors write them: with state, streams, networks, both players'."""

from __future__ import annotations

from typing import Any, ClassVar

import tensorflow as tf

from advnets.data import Field
from advnets.game import Encounter, Every, Penalty, Play, Role, Side, current_round, global_mean
from advnets.game import state as variable


def squared_slopes(side: Side, x: tf.Tensor) -> tf.Tensor:
    x = tf.identity(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        logits = tf.reduce_sum(side.critic(x).logits)
    gradient = tape.gradient(logits, x)
    return tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))


class R2(Penalty):
    """Slopes at generated examples (Mescheder et al. 2018)."""

    requires = ("logits",)

    def __call__(self, play: Play) -> tf.Tensor:
        return squared_slopes(play.fake, tf.stop_gradient(play.fake.x))


class Late(R2):
    """In every fourth round, and not in the first ones."""

    def __call__(self, play: Play) -> tf.Tensor:
        due = tf.cast(current_round() % 4 == 3, tf.float32)
        return 4.0 * due * super().__call__(play)


class Interpolated(Penalty):
    """Random numbers and second derivatives: E‖∇C(x̂)‖²."""

    requires = ("logits",)

    def __call__(self, play: Play) -> tf.Tensor:
        ones = (1,) * (len(play.real.x.shape) - 1)
        ε = play.draw.uniform(f"{play.stage}/mix", ones, tf.shape(play.real.x)[0])
        return squared_slopes(play.real, play.real.x + ε * (play.fake.example - play.real.x))


class Dragan(Penalty):
    """Slopes near 1 around x, as far as the batch's deviation (Kodali et al. 2017)."""

    requires = ("logits",)

    def __call__(self, play: Play) -> tf.Tensor:
        x = play.real.x
        noise = play.draw.uniform(f"{play.stage}/dragan", x.shape[1:], tf.shape(x)[0])
        near = x + 0.5 * tf.math.reduce_std(x) * noise
        return tf.square(tf.sqrt(squared_slopes(play.real, near) + 1e-8) - 1.0)


class Consistency(Penalty):
    """D says the same of two noisy versions of x (Zhang et al. 2020)."""

    requires = ("logits",)

    def __call__(self, play: Play) -> tf.Tensor:
        x, said = play.real.x, []
        for which in ("one", "other"):
            noise = play.draw.normal(f"{play.stage}/{which}", x.shape[1:], tf.shape(x)[0])
            said.append(play.judge(play.real.having(example=x + 0.3 * noise)).logits)
        return tf.square(said[0] - said[1])


class LeCam(Penalty):
    """Logits near the other side's running average (Tseng et al. 2021)."""

    requires = ("logits",)

    def __init__(self) -> None:
        self.real, self.fake = variable(0.0), variable(0.0)

    def __call__(self, play: Play) -> tf.Tensor:
        return tf.square(play.real.logits - self.fake) + tf.square(play.fake.logits - self.real)

    def update(self, play: Play) -> None:
        self.real.assign(0.9 * self.real + 0.1 * global_mean(play.real.logits))
        self.fake.assign(0.9 * self.fake + 0.1 * global_mean(play.fake.logits))


class PathLength(Penalty):
    """G's slopes near their running average, which moves when it is read (Karras et al. 2020)."""

    player, once = "generator", True

    def __init__(self) -> None:
        self.mean = variable(0.0)

    def __call__(self, play: Play) -> tf.Tensor:
        z = tf.identity(play.fake.latent[: (play.fake.size + 1) // 2])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            x = play.call("generator", latent=z)
            noise = play.draw.normal(f"{play.stage}/path", x.shape[1:], tf.shape(x)[0])
            along = tf.reduce_sum(x * noise)
        slopes = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(along, z)), axis=1) + 1e-8)
        self.mean.assign(0.5 * self.mean + 0.5 * global_mean(slopes))
        return tf.square(slopes - self.mean)


class Drift(Penalty):
    """(Ē C)² of the whole batch: one number."""

    requires, once = ("logits",), True

    def __call__(self, play: Play) -> tf.Tensor:
        return tf.square(global_mean(play.real.logits + play.fake.logits))[None]


class Auxiliary(Penalty):
    """For both players, which reads a class (Odena et al. 2017)."""

    player = ("discriminator", "generator")
    requires = ("class_logits",)
    fields = ("label",)

    def __call__(self, play: Play) -> tf.Tensor:
        sides = [play.fake, play.real] if play.player == "discriminator" else [play.fake]
        return tf.add_n([cross_entropy(s.fields["label"], s.class_logits) for s in sides])

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        found = tf.argmax(play.real.class_logits, 1) == play.real.fields["label"]
        return {"class_accuracy": tf.cast(found, tf.float32)}


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


class Reading(Penalty):
    """With a network of its own that reads a code of numbers off G's example."""

    player = "generator"
    fields = ("code",)
    roles: ClassVar = {"q": Role("example", "code")}

    def __call__(self, play: Play) -> tf.Tensor:
        gap = play.call("q", play.fake) - play.fake.fields["code"]
        return tf.reduce_sum(gap**2, axis=1)


class Matched(Penalty):
    """Means of features: one value, which every example has (Salimans et al. 2016)."""

    player, requires, needs_real = "generator", ("features",), True

    def __call__(self, play: Play) -> tf.Tensor:
        gap = global_mean(play.real.features) - global_mean(play.fake.features)
        return tf.fill([play.fake.size], tf.reduce_sum(gap**2))


class Supervised(Penalty):
    """Of a stream's labels."""

    once, requires = True, ("label_logits",)
    streams: ClassVar = {"labelled": ("label",)}

    def __call__(self, play: Play) -> tf.Tensor:
        said = play.judge(play.batch.streams["labelled"].side())
        return cross_entropy(said.fields["label"], said.label_logits)


class Closeness(Penalty):
    """To an image that comes with the example, once a play, of its first one."""

    player = "generator"
    fields = ("target",)
    once = True

    def __call__(self, play: Play) -> tf.Tensor:
        gap = (play.fake.example - play.fake.fields["target"])[:1]
        return tf.reduce_mean(tf.abs(gap), axis=[1, 2, 3])


class Growing(Interpolated):
    """Its weight grows whenever it is computed."""

    def __init__(self) -> None:
        self.weight = variable(0.5)

    def __call__(self, play: Play) -> tf.Tensor:
        self.weight.assign(self.weight * 1.5)
        return self.weight * super().__call__(play)


class Aggregated(Encounter):
    """D tells z from E(x): an adversarial auto-encoder (Makhzani et al. 2015)."""

    roles: ClassVar = {
        "encoder": Role("example", "latent"),
        "discriminator": Role("latent", "logits"),
    }

    def real(self, scene):
        return Side(latent=scene.told("latent"))

    def fake(self, scene):
        x = scene.batch.side()
        return x.having(latent=scene.call("encoder", x))


class Reconstruction(Penalty):
    """Which has nothing to do but in that encounter: ‖G(E(x)) − x‖²."""

    player = "generator"

    def __call__(self, play):
        again = play.call("generator", play.fake)
        return tf.reduce_sum((again - play.fake.example) ** 2, axis=-1)


CODE = {"fields": {"code": Field((3,), "float32")}}
TARGET = {"shape": (4, 4, 1), "fields": {"target": Field((4, 4, 1), "float32", kind="image")}}
RIGHT: dict[str, tuple[Any, dict[str, Any]]] = {
    "r2": (R2, {"shape": (4, 4, 1)}),
    "lazy": (Every(16, R2()), {}),
    "late": (Late, {}),
    "interpolated": (Interpolated, {}),
    "dragan": (Dragan, {}),
    "consistency": (Consistency, {}),
    "lecam": (LeCam(), {}),
    "path_length": (PathLength(), {}),
    "drift": (Drift, {}),
    "auxiliary": (Auxiliary, {}),
    "reading": (Reading, CODE),
    "matched": (Matched, {}),
    "supervised": (Supervised, {}),
    "closeness": (Closeness, TARGET),
    "growing": (Growing, {}),
    "reconstruction": (Reconstruction, {"encounter": Aggregated}),
}
"""Each penalty, and what it is to be tried with."""
