"""Build the networks of R3GAN in a small form: residual blocks without normalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from advnets import validated_by
from advnets.errors import UsageError
from advnets.networks import (
    NetworkContext,
    Relu,
    Words,
    activate_output,
    as_float32,
    image_shape,
    join_maps,
    take_vectors,
)

from .bilinear import BilinearDoubling
from .grouped_conv import GroupedConv
from .halvings import count_halvings, widths_of
from .hooks import R3ganParameters

SLOPE = 0.2
"""Of all leaky ReLUs, below zero."""
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""By which a leaky ReLU shrinks what has variance 1 (He et al. 2015)."""


@validated_by(R3ganParameters)
def r3gan(
    context: NetworkContext,
    *,
    channels: int | Sequence[int] = 64,
    stages: int | None = None,
    blocks: int = 1,
    expansion: int = 2,
    groups: int = 4,
    output: str = "linear",
    heads: Mapping[str, Any] | None = None,
    features: bool = False,
) -> keras.Model:
    """Build residual blocks without normalisation, for either player or an encoder.

    A block is x + C(a(B(a(A x)))): A a convolution of one pixel to ``expansion`` times the
    channels, B one of 3×3 pixels in groups, C one of one pixel back, a leaky ReLU of slope 0.2.
    C starts at 0; A and B from N(0, s²/inputs), with s² = (2/1.04) L^(−1/2) for L blocks in the
    network, so that f's variance does not grow with L.

    Generator: a linear map of the latent to channels, each times a smallest map of its own that
    is learnt; blocks; at each stage channels change by a convolution of one pixel, sides are
    doubled bilinearly, and more blocks follow; a convolution of one pixel makes the image.
    Discriminator and encoder go the other way round, with means of 2×2 pixels, and end in a sum
    over the smallest map, with weights for each channel, and a linear layer.

    Args:
        context: Shapes (images: height, width, channels) and the seed.
        channels: Of the maps of each size, from the image's to the smallest, one more than
            stages; one number for all.
        stages: How often sides are doubled or halved; by default as often as leaves a map at
            least 4 wide and high.
        blocks: At each size.
        expansion: How many times the channels there are within a block.
        groups: Of the convolutions within blocks.
        output: Activation of the generator's output: ``linear``, ``tanh`` or ``sigmoid``.
        heads: What a discriminator says besides its logits (:class:`advnets.networks.Words`).
        features: Whether it returns what its last layer sees as well.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32; a dictionary with
        ``logits``, heads and ``features`` where these are asked for.

    Raises:
        UsageError: If the data are not images, or cannot be halved ``stages`` times; if channels
            are not given for each size, or groups do not divide those within blocks; if another
            than a discriminator is asked for heads.

    Source: Huang et al. 2024 (arXiv:2501.05441), section 3 and appendix; 2 blocks at each size
    there.

    >>> context = NetworkContext("generator", (16,), (8, 8, 1))
    >>> model = r3gan(context, channels=8)
    >>> model.get_layer("map").output.shape, model.output_shape
    ((None, 4, 4, 8), (None, 8, 8, 1))
    """
    generates = context.role == "generator"
    shape = context.output_shape if generates else context.input_shape
    height, width, _ = image_shape(shape, "r3gan")
    stages = count_halvings(height, width, stages, "r3gan")
    widths = widths_of(channels, stages + 1, "r3gan")
    for each in widths:
        if each * expansion % groups:
            raise UsageError(
                f"r3gan's groups, {groups}, do not divide the {each * expansion} channels within "
                f"the blocks of the {context.name}",
                hint="choose other groups, or other channels",
            )
    layers = _Layers(context, len(widths) * blocks, blocks, expansion, groups)
    if generates:
        return _generator(layers, (height >> stages, width >> stages), widths, output)
    return _discriminator(layers, widths, Words(heads or {}, features))


@keras.saving.register_keras_serializable(package="advnets_architectures")
class LearntMap(keras.layers.Layer):
    """Give each channel a map: y[h, w, c] = x[c] · map[h, w, c], of N(0, 1) at first.

    Args:
        size: Height and width of the maps.
        seed: Of their start.
        **options: Keras's own: ``name``, ``dtype``.

    >>> LearntMap((4, 4))(tf.ones([2, 3])).shape
    TensorShape([2, 4, 4, 3])
    """

    def __init__(self, size: tuple[int, int], seed: int = 0, **options: Any):
        super().__init__(**options)
        self.size, self.seed = tuple(size), seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the maps, [height, width, C]."""
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        shape = (*self.size, input_shape[-1])
        self.gain = self.add_weight(name="gain", shape=shape, initializer=start)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [N, height, width, C]."""
        return inputs[:, None, None] * tf.convert_to_tensor(self.gain)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return ``(N, height, width, C)``."""
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "size": self.size, "seed": self.seed}


@dataclass(frozen=True)
class _Layers:
    """Make the parts of a network, each by its name."""

    context: NetworkContext
    total: int
    blocks: int
    expansion: int
    groups: int

    def start(self, name: str, gain: float = 1.0) -> keras.initializers.Initializer:
        """Return N(0, gain²/inputs), or zeros."""
        if gain == 0:
            return keras.initializers.Zeros()
        return keras.initializers.VarianceScaling(
            gain**2, "fan_in", "untruncated_normal", self.context.seed_for(name)
        )

    def pixel(
        self, x: keras.KerasTensor, filters: int, name: str, gain: float = 1.0, bias: bool = False
    ) -> keras.KerasTensor:
        """Apply a convolution of one pixel."""
        layer = keras.layers.Conv2D(
            filters, 1, use_bias=bias, kernel_initializer=self.start(name, gain), name=name
        )
        return layer(x)

    def block(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        channels, gain = x.shape[-1], GAIN * max(self.total, 1) ** -0.25
        inner = channels * self.expansion
        y = self.pixel(x, inner, f"{name}_in", gain, bias=True)
        y = Relu(SLOPE, name=f"{name}_relu_0")(y)
        start = self.start(f"{name}_groups", gain)
        y = GroupedConv(inner, 3, self.groups, start, name=f"{name}_groups")(y)
        y = Relu(SLOPE, name=f"{name}_relu_1")(y)
        y = self.pixel(y, channels, f"{name}_out", gain=0.0)
        return keras.layers.Add(name=name)([x, y])

    def stage(self, x: keras.KerasTensor, index: int) -> keras.KerasTensor:
        for number in range(self.blocks):
            x = self.block(x, f"block_{index}_{number}")
        return x

    def change(self, x: keras.KerasTensor, filters: int, index: int) -> keras.KerasTensor:
        return x if x.shape[-1] == filters else self.pixel(x, filters, f"channels_{index}")

    def linear(self, units: int, name: str, dtype: str | None = None) -> keras.layers.Layer:
        return keras.layers.Dense(
            units,
            use_bias=False,
            kernel_initializer=self.start(name),
            dtype=dtype,
            name=name,
        )


def _generator(
    layers: _Layers, size: tuple[int, int], widths: list[int], output: str
) -> keras.Model:
    context = layers.context
    inputs = take_vectors(context, "r3gan")
    x = layers.linear(widths[-1], "dense")(context.joined(inputs))
    x = LearntMap(size, context.seed_for("map"), name="map")(x)
    x = layers.stage(x, 0)
    for index, filters in enumerate(reversed(widths[:-1]), start=1):
        x = BilinearDoubling(name=f"double_{index}")(layers.change(x, filters, index))
        x = layers.stage(x, index)
    x = layers.pixel(x, context.output_shape[-1], "output", bias=True)
    return context.model(inputs, activate_output(x, output))


def _discriminator(layers: _Layers, widths: list[int], words: Words) -> keras.Model:
    context = layers.context
    inputs = context.inputs()
    x = layers.pixel(join_maps(context, inputs, "r3gan"), widths[0], "from_image", bias=True)
    x = layers.stage(x, 0)
    for index, filters in enumerate(widths[1:], start=1):
        x = keras.layers.AveragePooling2D(2, name=f"halve_{index}")(x)
        x = layers.stage(layers.change(x, filters, index), index)
    x = keras.layers.DepthwiseConv2D(
        tuple(x.shape[1:3]),
        use_bias=False,
        depthwise_initializer=keras.initializers.RandomNormal(
            stddev=1 / math.sqrt(x.shape[1] * x.shape[2]), seed=context.seed_for("places")
        ),
        dtype="float32",
        name="places",
    )(as_float32(x, "last_float32"))
    x = keras.layers.Reshape((widths[-1],), name="sums", dtype="float32")(x)

    def end() -> keras.KerasTensor:
        y = layers.linear(math.prod(context.output_shape), "output", "float32")(x)
        return keras.layers.Reshape(context.output_shape, name="shape", dtype="float32")(y)

    def head(units: int, name: str) -> keras.layers.Layer:
        return layers.linear(units, name, "float32")

    return context.model(inputs, words.say(context, x, x, end, head))
