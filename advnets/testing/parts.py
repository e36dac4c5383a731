"""Make the parts of a game in which one component is tried: the targets of ``stand_ins``."""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..data import DataSpec, Examples, Field, Source
from ..game import Encounter, Penalty, Play, Role
from ..networks import NetworkContext
from ..plugins.components import Component
from .toys import WIDTH


class KitData(Source):
    """Draw examples from N(0, 1), and fields from their classes, their range, or N(0, 1).

    Args:
        shape: Of one example.
        kind: What the examples are.
        fields: By name, the parameters of their :class:`advnets.data.Field`.
        examples: How many there are for training; a third as many for validation.
        seed: Of the draw.
        preprocess: See :class:`advnets.DatasetParameters`.
    """

    name = "kit-data"
    splits = ("train", "validation")

    def __init__(
        self,
        shape: Sequence[int],
        kind: str = "vector",
        fields: Mapping[str, Mapping[str, Any]] | None = None,
        examples: int = 48,
        seed: int = 0,
        preprocess: Any = "auto",
    ):
        super().__init__(preprocess)
        known = {
            name: Field(**{**one, "shape": tuple(one["shape"])})
            for name, one in (fields or {}).items()
        }
        self._spec = DataSpec(tuple(shape), "float32", kind=kind, fields=known)
        self._examples, self._seed = examples, seed

    @property
    def spec(self) -> DataSpec:
        """What the examples look like."""
        return self._spec

    def read(self, split: str) -> Examples:
        """Draw a split."""
        count = self._examples if split == "train" else max(1, self._examples // 3)
        draw = np.random.default_rng([self._seed, len(split)])
        values = draw.normal(size=(count, *self.spec.shape)).astype("float32")
        fields = {name: _drawn(one, count, draw) for name, one in self.spec.fields.items()}
        return Examples(values, fields)


def _drawn(field: Field, count: int, draw: np.random.Generator) -> np.ndarray:
    shape, dtype = (count, *field.shape), np.dtype(field.dtype)
    if field.classes is not None or dtype.kind in "ui":
        return draw.integers(0, field.classes or 8, shape).astype(dtype)
    if field.low is not None and field.high is not None:
        return draw.uniform(field.low, field.high, shape).astype(dtype)
    return draw.normal(size=shape).astype(dtype)


def network(context: NetworkContext, says: Mapping[str, Sequence[int]]) -> keras.Model:
    """Build a small smooth network for whatever it is to take and give.

    Args:
        context: What is built, and for what.
        says: What a discriminator says, by name: the shape for one example.
    """
    inputs = context.inputs()
    hidden = context.dense(WIDTH, "hidden_0", "tanh")(context.joined(inputs))
    if context.role != "discriminator":
        shape = context.output_shape or (WIDTH,)
        return context.model(inputs, _linear(context, hidden, "output", shape))
    words = says or {"logits": ()}
    said = {
        name: _linear(
            context, hidden, f"said_{name}", shape, "softplus" if name == "energy" else "linear"
        )
        for name, shape in words.items()
    }
    return context.model(inputs, said if set(said) != {"logits"} else said["logits"])


def _linear(
    context: NetworkContext, x: Any, name: str, shape: Sequence[int], activation: str = "linear"
) -> Any:
    x = context.dense(math.prod(shape), name, activation)(x)
    return keras.layers.Reshape(tuple(shape), name=f"{name}_shaped")(x)


class Encoded(Penalty):
    """|z − E(G(z))|², by which an encoder moves, and G with it."""

    player = "generator"
    roles = MappingProxyType({"encoder": Role("example", "latent")})

    def __call__(self, play: Play) -> tf.Tensor:
        """One value per example, float32 ``[N]``."""
        z = play.fake.latent
        apart = tf.cast(play.call("encoder", play.fake), tf.float32) - z
        return tf.reduce_mean(apart**2, axis=list(range(1, apart.shape.rank)))


class Reaching(Penalty):
    """‖what some networks return‖², for those that what is judged does not depend on.

    Args:
        player: Whose term it is.
        networks: By name, the fields that each takes.
    """

    once = True

    def __init__(
        self, player: str = "generator", networks: Mapping[str, Mapping[str, Any]] | None = None
    ):
        self.player, self._networks = player, dict(networks or {})

    def __call__(self, play: Play) -> tf.Tensor:
        """One value per example, float32 ``[N]``."""
        total = tf.zeros([play.size])
        for name, takes in self._networks.items():
            given = {}
            for key, field in takes.items():
                stream, shape = f"reaching/{name}/{key}", tuple(field["shape"])
                drawn = play.draw.normal(stream, shape, play.size)
                classes = field["classes"]
                given[key] = drawn if not classes else tf.cast(tf.abs(drawn), tf.int64) % classes
            for values in tf.nest.flatten(play.call(name, **given)):
                flat = tf.reshape(tf.cast(values, tf.float32), [play.size, -1])
                total += tf.reduce_mean(flat**2, axis=1)
        return total


def encounter(target: str) -> Encounter:
    """Make the encounter of a component's target."""
    made = Component("encounter", target).make(Encounter, {})
    assert isinstance(made, Encounter)
    return made


def interruption(step: int) -> keras.callbacks.Callback:
    """Make a callback that sends this process SIGTERM after round ``step``."""

    def after(batch: int, logs: Any) -> None:
        if batch + 1 == step:
            signal.raise_signal(signal.SIGTERM)

    return keras.callbacks.LambdaCallback(on_train_batch_end=after)
