"""Right layers, as authors write them: with state that moves, of a whole batch, with noise."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from advnets import random

register = keras.saving.register_keras_serializable("tests.authors")


@register
class Spectral(layers.Layer):
    """A dense layer divided by its largest singular value, one power iteration a call."""

    def __init__(self, units: int, seed: int = 0, **options: Any):
        super().__init__(**options)
        self.units, self.seed = units, seed

    def build(self, shape: Any) -> None:
        start = keras.initializers.GlorotUniform(self.seed)
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer=start)
        first = keras.initializers.RandomNormal(seed=self.seed + 1)
        self.u = self.add_weight(shape=(1, self.units), initializer=first, trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        kernel = ops.stop_gradient(ops.cast(self.kernel, "float32"))
        v = tf.math.l2_normalize(ops.matmul(ops.cast(self.u, "float32"), ops.transpose(kernel)))
        u = tf.math.l2_normalize(ops.matmul(v, kernel))
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, ops.cast(self.kernel, "float32")) * u)
        return ops.tanh(ops.matmul(x, ops.cast(self.kernel / sigma, x.dtype)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "seed": self.seed}


@register
class Deviation(layers.Layer):
    """Join the batch's mean standard deviation to each example (Karras et al. 2018)."""

    def call(self, x: Any) -> Any:
        spread = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, ops.zeros_like(x[:, :1]) + spread], axis=1)


@register
class Discrimination(layers.Layer):
    """Join how near the others of the batch are (Salimans et al. 2016)."""

    def call(self, x: Any) -> Any:
        gaps = ops.sum(ops.abs(x[:, None] - x[None]), axis=2)
        return ops.concatenate([x, ops.sum(ops.exp(-gaps), axis=1, keepdims=True)], axis=1)


@register
class Pack(layers.Layer):
    """Join each example with those after it, around the batch's end (Lin et al. 2018)."""

    def __init__(self, of: int = 2, **options: Any):
        super().__init__(**options)
        self.of = of

    def call(self, x: Any) -> Any:
        return ops.concatenate([ops.roll(x, -i, axis=0) for i in range(self.of)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "of": self.of}


@register
class Residual(layers.Layer):
    """x + γ f(x), with γ = 0 at first (Zhang et al. 2019)."""

    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, x: Any) -> Any:
        return x[0] + ops.cast(self.gamma, x[0].dtype) * x[1]

    def compute_output_shape(self, shape: Any) -> Any:
        return shape[0]


@register
class ClassNorm(layers.Layer):
    """Batch normalisation whose scale is the class's (de Vries et al. 2017)."""

    def __init__(self, classes: int, **options: Any):
        super().__init__(**options)
        self.classes = classes

    def build(self, shapes: Any) -> None:
        self.norm = layers.BatchNormalization(center=False, scale=False)
        self.norm.build(shapes[0])
        self.scale = self.add_weight(shape=(self.classes, shapes[0][-1]), initializer="ones")

    def call(self, x: Any, training: bool = False) -> Any:
        scale = ops.take(self.scale, x[1], axis=0)
        return self.norm(x[0], training=training) * ops.cast(scale, x[0].dtype)

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}


@register
class Noise(layers.Layer):
    """Add noise of the round to each unit, by weights of its own (Karras et al. 2019)."""

    def __init__(self, stream: str, **options: Any):
        super().__init__(**options)
        self.stream = stream

    def build(self, shape: Any) -> None:
        self.weight = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        draw = random.current()
        if draw is None:  # a model of its own, in a notebook, say
            return x + 0.0 * ops.cast(self.weight, x.dtype)
        noise = draw.normal(self.stream, x.shape[1:], tf.shape(x)[0])
        return x + ops.cast(self.weight * noise, x.dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stream": self.stream}


@register
class Jitter(Noise):
    """The same, which cannot do without a round."""

    def call(self, x: Any) -> Any:
        noise = random.segmented_uniform(self.stream, x)
        return x + ops.cast(self.weight * noise, x.dtype)
