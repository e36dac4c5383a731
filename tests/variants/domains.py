"""Two domains of points and a game between them (CycleGAN), in one file, as somebody would write it
who read the documentation.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from pydantic import Field

import advnets
from advnets.data import DataSpec, Examples, Source
from advnets.game import Duel, Encounter, Penalty, Play, Role, Scene, Side

SPLITS = ("train", "test")
ANGLE = 0.9
TURN = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
SHIFT = np.array([0.5, -1.0])
CORNERS = np.array([[-1.0, -0.5], [1.5, -0.5], [-1.0, 1.0]])
SHARES, WIDTH = [0.5, 0.3, 0.2], 0.25


def there(a: np.ndarray) -> np.ndarray:
    """The map from the first domain to the second: turned by 52°, smaller and elsewhere."""
    return 0.7 * a @ TURN.T + SHIFT


def back(b: np.ndarray) -> np.ndarray:
    """Its inverse."""
    return (b - SHIFT) @ TURN / 0.7


class Corners(Source):
    """Three clouds at the corners of a triangle, of unequal sides and shares, which no turn or
    mirror takes to themselves. Of the second domain ``mapped`` points, drawn apart: none is an
    image.
    """

    name = "corners"
    spec = DataSpec((2,), "float32")
    splits = SPLITS

    def __init__(
        self,
        mapped: bool = False,
        examples: int = 4000,
        held_out: int = 1000,
        preprocess: str = "none",
    ):
        super().__init__(preprocess)
        self.mapped, self._counts = mapped, dict(zip(SPLITS, (examples, held_out), strict=True))

    def read(self, split: str) -> Examples:
        draw = np.random.default_rng([int(self.mapped), SPLITS.index(split)])
        n = self._counts[split]
        corner = draw.choice(3, size=n, p=SHARES)
        points = CORNERS[corner] + WIDTH * draw.normal(size=(n, 2))
        return Examples((there(points) if self.mapped else points).astype(np.float32))


class Translation(Encounter):
    """G maps the other domain to the first and ``generator_b`` back; each domain has a judge (Zhu
    et al. 2017).
    """

    roles = {
        "generator": Role("other.example", "example"),
        "generator_b": Role("example", "other.example"),
        "discriminator_b": Role("other.example", "logits"),
    }
    streams = ("other",)

    def meet(self, scene: Scene) -> dict[str, Duel]:
        a, b = scene.batch.side(), scene.batch.streams["other"].side()
        to_a = Side(example=scene.call("generator", b))
        to_b = Side(example=scene.call("generator_b", a))
        return {"a": Duel(a, to_a), "b": Duel(b, to_b, judge="discriminator_b")}

    def sample(self, scene: Scene) -> Side:
        return Side(example=scene.call("generator", scene.batch.streams["other"].side()))


def _distance(x: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(x - other), axis=list(range(1, len(x.shape))))


class There(Penalty):
    """w · (mean |b − there(back(b))| + mean |a − back(there(a))|), for both generators."""

    once, player = True, "generator"

    def __init__(self, weight: float = 10.0):
        self.weight = weight

    def __call__(self, play: Play) -> tf.Tensor:
        a, b = play.duels["a"], play.duels["b"]
        again_b = play.call("generator_b", a.fake)
        again_a = play.call("generator", b.fake)
        return self.weight * (
            _distance(again_b, b.real.example) + _distance(again_a, a.real.example)
        )


def near_identity(context: Any, units: int = 64) -> keras.Model:
    """Build x + Wx + b + V tanh(Ux + c), which begins as the identity."""
    inputs = context.inputs()
    x = context.joined(inputs)

    def zeros(name: str) -> keras.layers.Dense:
        return keras.layers.Dense(x.shape[-1], kernel_initializer="zeros", name=name)

    bent = zeros("bent")(context.dense(units, "hidden", "tanh")(x))
    return context.model(inputs, keras.layers.Add()([x, zeros("straight")(x), bent]))


class CornersParameters(advnets.DatasetParameters):
    """Validate the parameters of ``corners``."""

    mapped: bool = Field(False, description="whether points are those of the second domain")
    examples: int = Field(4000, ge=1, description="in the training split")
    held_out: int = Field(1000, ge=1, description="in the test split")


class WeightParameters(advnets.Parameters):
    """Validate the parameters of ``there_and_back``."""

    weight: float = Field(10.0, ge=0, description="of the term")


@advnets.hookimpl
def advnets_datasets() -> list[advnets.Component]:
    target, what = f"{__name__}:Corners", "three clouds at the corners of a triangle"
    return [advnets.Component("corners", target, what, CornersParameters)]


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    target, what = f"{__name__}:near_identity", "a map that begins as the identity"
    return [advnets.Component("near_identity", target, what, roles=("generator",))]


@advnets.hookimpl
def advnets_encounters() -> list[advnets.Component]:
    return [advnets.Component("translation", f"{__name__}:Translation")]


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    target = f"{__name__}:There"
    what = "there and back, a point is near where it was"
    return [advnets.Component("there_and_back", target, what, WeightParameters)]
