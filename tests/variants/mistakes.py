"""Components in one file, each with a mistake that is told before the first round."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

import advnets
from advnets.data import Field
from advnets.game import (
    Alternating,
    Augmentation,
    Condition,
    Duel,
    Encounter,
    NonSaturating,
    Penalty,
    Role,
    Side,
    UpdateRule,
    state,
)


class Unequal(Encounter):
    """Keep three of the generated examples."""

    def fake(self, scene: Any) -> Side:
        side = super().fake(scene)
        return Side(example=side.example[:3])


class Misjudged(Encounter):
    """Name a judge that there is not."""

    def meet(self, scene: Any) -> dict[str, Duel]:
        return {"only": Duel(self.real(scene), self.fake(scene), judge="critic")}


class Doubled(Encounter):
    """Two duels of the same sides."""

    def meet(self, scene: Any) -> dict[str, Duel]:
        x, fake = self.real(scene), self.fake(scene)
        return {"first": Duel(x, fake), "second": Duel(x, fake)}


class Several(Encounter):
    """Call an encoder that is to give two things."""

    roles = {"encoder": Role("example", {"mean": "latent", "deviation": "latent"})}

    def real(self, scene: Any) -> Side:
        side = super().real(scene)
        return side.having(latent=scene.call("encoder", side)["mean"])


class Unread(Encounter):
    """Declare an encoder, and never call it."""

    roles = {"encoder": Role("example", "latent")}


class Encoding(Encounter):
    """Call an encoder, and read nothing of it."""

    roles = {"encoder": Role("example", {"code": (4, 2)})}

    def real(self, scene: Any) -> Side:
        side = super().real(scene)
        scene.call("encoder", side)
        return side


class Named(Encounter):
    """Call a network as the data call a field."""

    roles = {"label": Role("example", "latent")}


class Stateful(NonSaturating):
    """Count rounds."""

    def __init__(self) -> None:
        super().__init__()
        self.count = state(0.0)

    def update(self, real: Side, fake: Side) -> None:
        self.count.assign_add(1.0)


class Reading(Penalty):
    """Read the label of generated examples."""

    fields = ("label",)

    def __call__(self, play: Any) -> tf.Tensor:
        return 0.0 * tf.cast(play.fake.fields["label"], tf.float32)


class Undeclared(Reading):
    """Read it without saying so."""

    fields = ()


class Calling(Penalty):
    """Call a network that it does not declare."""

    player = "generator"

    def __call__(self, play: Any) -> tf.Tensor:
        return tf.reduce_sum(play.call("q", play.fake), axis=-1)


class Otherwise(Penalty):
    """Say of the encoder something else than the encounter does."""

    player = "generator"
    roles = {"encoder": Role("latent", "example")}


class Labelled(Penalty):
    """Read a stream that nobody brings."""

    once = True
    streams = {"labelled": ("label",)}

    def __call__(self, play: Any) -> tf.Tensor:
        return play.judge(play.batch.streams["labelled"].side()).logits


class Misnamed(Labelled):
    """Name it like a network."""

    streams = {"generator": ("label",)}


class Noisy(Penalty):
    """Draw by TensorFlow, in a branch."""

    def __call__(self, play: Any) -> tf.Tensor:
        drawn = tf.cond(
            play.real.logits[0] > 0, lambda: tf.random.normal([]), lambda: tf.constant(0.0)
        )
        return drawn * play.real.logits


class Mixing(Augmentation):
    """Read the other examples of the batch."""

    def __call__(self, x: Any, draw: Any, stream: str) -> tf.Tensor:
        return x - tf.reduce_mean(x, 0, keepdims=True)


class Quantised(Augmentation):
    """Let no gradient through."""

    def __call__(self, x: Any, draw: Any, stream: str) -> tf.Tensor:
        return tf.cast(tf.cast(x, tf.int32), tf.float32)


class Worded(UpdateRule):
    """Say how many batches in words."""

    batches: Any = "two"

    def round(self, game: Any, batches: Any) -> Any:
        return Alternating().round(game, batches)


class Stingy(Worded):
    """Say that a round uses no batch."""

    batches = 0


class Silent(Worded):
    """Return nothing."""

    batches = 1

    def round(self, game: Any, batches: Any) -> Any:
        super().round(game, batches)


class Drawn(Condition):
    """Draw labels of four classes amiss."""

    field = Field((), "int64", classes=4)

    def __init__(self, how: str = "high") -> None:
        self.how = how

    def sample(self, draw: Any, stream: str, examples: Any, batch: Any = None) -> tf.Tensor:
        u = draw.uniform(stream, (2,) if self.how == "shape" else (), examples)
        if self.how == "numpy":
            return tf.constant(np.random.default_rng().integers(0, 4, 256))
        if self.how == "tensorflow":
            return tf.random.uniform([examples], 0, 4, tf.int64)
        return u if self.how in ("shape", "float") else tf.cast(u * 7, tf.int64)


class DrawnParameters(advnets.Parameters):
    """Validate the parameters of ``drawn``."""

    how: str = "high"


def stubborn(context: Any) -> keras.Model:
    """Build the same network for whatever it is to be built."""
    return keras.Sequential([keras.Input(context.input_shape), keras.layers.Dense(5)])


class Meddling(keras.callbacks.Callback):
    """Halve a weight when an epoch ends."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        weight = self.model.generator.trainable_variables[0]
        weight.assign(weight * 0.5)


class Honest(Meddling):
    """Say so, in the class alone."""

    changes_game = True


def listed(*classes: Any) -> list[advnets.Component]:
    return [advnets.Component(c.__name__.lower(), f"{__name__}:{c.__name__}") for c in classes]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    return listed(Unequal, Misjudged, Doubled, Unread, Several, Encoding, Named)


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    return listed(Stateful)


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return listed(Reading, Undeclared, Calling, Otherwise, Labelled, Misnamed, Noisy)


@advnets.hookimpl
def advnets_augmentations() -> list[advnets.Component]:
    return listed(Mixing, Quantised)


@advnets.hookimpl
def advnets_updates() -> list[advnets.Component]:
    return listed(Worded, Silent)


@advnets.hookimpl
def advnets_conditions() -> list[advnets.Component]:
    return [advnets.Component("drawn", f"{__name__}:Drawn", parameters=DrawnParameters)]


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    return listed(stubborn)


@advnets.hookimpl
def advnets_callbacks() -> list[advnets.Component]:
    return listed(Meddling, Honest)
