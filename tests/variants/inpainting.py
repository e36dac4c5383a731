"""Inpainting by a mask, judged as a whole or by patches, as a plugin of one file.

One generator paints whatever is hidden, p(x_S | x_rest): Goodfellow et al. 2014, section 6,
point 2 of the extensions; the L1 term and the discriminator of patches of Isola et al. 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from pydantic import Field as Parameter

import advnets
from advnets.data import Field
from advnets.game import (
    Batch,
    Condition,
    Encounter,
    GameContext,
    NonSaturating,
    Penalty,
    Play,
    Scene,
    Side,
)
from advnets.networks import NetworkContext


def halves(kind: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """What is seen where one half is hidden, by its number: the upper, lower, left or right
    one; float32 ``[n, height, width, 1]``.
    """
    upper = tf.broadcast_to(tf.range(height)[:, None] < height // 2, [height, width])
    left = tf.broadcast_to(tf.range(width)[None] < width // 2, [height, width])
    seen = tf.stack([~upper, upper, ~left, left])
    return tf.cast(tf.gather(seen, kind), tf.float32)[..., None]


def squares(top: tf.Tensor, left: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """What is seen where a square of half the height is hidden, by its corner."""
    side = height // 2
    row, column = tf.range(height)[None, :, None], tf.range(width)[None, None]
    top, left = top[:, None, None], left[:, None, None]
    hidden = (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    return 1.0 - tf.cast(hidden, tf.float32)[..., None]


class Hidden(Condition):
    """x with a random half or square hidden, and what is seen: ``[H, W, C + 1]``.

    Args:
        squares: How often a square is hidden instead of a half.
        context: Says what x is.
    """

    of_example = True

    def __init__(self, squares: float, context: GameContext):
        self.height, self.width, channels = context.spec.shape
        self.squares = squares
        self.field = Field((self.height, self.width, channels + 1), "float32", kind="image")

    def sample(
        self, draw: Any, stream: str, examples: Any, batch: Batch | None = None
    ) -> tf.Tensor:
        assert batch is not None  # it is of the example
        u = draw.uniform(stream, (4,), examples)

        def number(of: int, index: int) -> tf.Tensor:
            return tf.minimum(tf.cast(u[:, index] * of, tf.int32), of - 1)

        places = self.height - self.height // 2 + 1, self.width - self.height // 2 + 1
        half = halves(number(4, 0), self.height, self.width)
        square = squares(number(places[0], 1), number(places[1], 2), self.height, self.width)
        seen = tf.where(u[:, 3, None, None, None] < self.squares, square, half)
        return tf.concat([seen * batch.examples, seen], axis=-1)


class Inpainting(Encounter):
    """What is seen stays as it is; G paints the rest."""

    def fake(self, scene: Scene) -> Side:
        fake = super().fake(scene)
        visible, seen = fake.fields["hidden"][..., :-1], fake.fields["hidden"][..., -1:]
        return fake.having(example=visible + (1.0 - seen) * fake.example)

    def columns(self, scene: Scene, side: Side) -> dict[str, tf.Tensor | None]:
        visible, seen = side.fields["hidden"][..., :-1], side.fields["hidden"][..., -1:]
        grey = visible + (1.0 - seen) * 0.5
        return {"original": scene.batch.examples, "seen": grey, "painted": side.example}


class Closeness(Penalty):
    """w · the mean of |G − x| over what is hidden, for G."""

    player = "generator"
    fields = ("hidden",)

    def __init__(self, weight: float):
        self.weight = weight

    def __call__(self, play: Play) -> tf.Tensor:
        hidden = 1.0 - play.fake.fields["hidden"][..., -1:]
        axes = [1, 2, 3]
        distance = hidden * tf.abs(play.fake.example - play.real.example)
        channels = play.fake.example.shape[-1]
        return (
            self.weight * tf.reduce_sum(distance, axes) / (channels * tf.reduce_sum(hidden, axes))
        )


class Silent(NonSaturating):
    """Nothing for G, which then learns by other terms alone."""

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return 0.0 * fake.logits


def patches(context: NetworkContext, filters: int) -> Any:
    """Return a discriminator of patches: logits ``[N, H/2, W/2, 1]``, each of 5×5 pixels or so."""
    import keras

    def convolution(units: int, name: str, **options: Any) -> Any:
        start = keras.initializers.GlorotUniform(context.seed_for(name))
        return keras.layers.Conv2D(
            units, 3, padding="same", kernel_initializer=start, name=name, **options
        )

    inputs: Mapping[str, Any] = context.inputs()
    x = keras.layers.Concatenate()(list(inputs.values())) if len(inputs) > 1 else inputs["example"]
    x = keras.layers.LeakyReLU(0.2)(convolution(filters, "first", strides=2)(x))
    return context.model(inputs, convolution(1, "logits")(x))


class HiddenParameters(advnets.Parameters):
    """Validate the parameters of ``hidden``."""

    squares: float = Parameter(0.5, ge=0, le=1, description="how often a square is hidden")


class ClosenessParameters(advnets.Parameters):
    """Validate the parameters of ``closeness``."""

    weight: float = Parameter(10.0, ge=0, description="of the term")


class PatchesParameters(advnets.Parameters):
    """Validate the parameters of ``patches``."""

    filters: int = Parameter(32, ge=1, description="of the first convolution")


@advnets.hookimpl
def advnets_conditions() -> list[advnets.Component]:
    return [advnets.Component("hidden", f"{__name__}:Hidden", "", HiddenParameters)]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    return [advnets.Component("own_inpainting", f"{__name__}:Inpainting")]


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return [advnets.Component("own_closeness", f"{__name__}:Closeness", "", ClosenessParameters)]


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    return [advnets.Component("silent", f"{__name__}:Silent")]


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    return [
        advnets.Component(
            "patches", f"{__name__}:patches", "", PatchesParameters, roles=("discriminator",)
        )
    ]
