"""Build the residual networks of SNGAN, for images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from advnets import validated_by
from advnets.errors import UsageError
from advnets.networks import (
    BatchNorm,
    NetworkContext,
    Relu,
    Words,
    activate_output,
    as_float32,
    image_shape,
    join_maps,
    take_vectors,
)

from .conditional_batch_norm import ConditionalBatchNorm
from .halvings import count_halvings, widths_of
from .hooks import ResnetParameters
from .minibatch_stddev import MinibatchStddev
from .pixel_norm import PixelNorm
from .self_attention import attend


@validated_by(ResnetParameters)
def resnet(
    context: NetworkContext,
    *,
    channels: int | Sequence[int] = 64,
    stages: int | None = None,
    plain: int = 1,
    norm: str | None = None,
    groups: int = 8,
    synchronized: bool = False,
    conditional: bool = True,
    attention: int | None = None,
    minibatch_stddev: bool = False,
    stddev_group: int = 4,
    output: str = "tanh",
    heads: Mapping[str, Any] | None = None,
    features: bool = False,
) -> keras.Model:
    """Build residual blocks x + f(x) that double a small map, or halve an image to one.

    Generator: a fully connected layer to the smallest map, ``stages`` blocks f of norm, ReLU,
    nearest neighbours of twice the size, convolution, norm, ReLU, convolution; then norm, ReLU and
    a convolution to the image. Discriminator and encoder: ``stages`` blocks of ReLU, convolution,
    ReLU, convolution, mean of 2×2 pixels, the first one without its first ReLU; ``plain`` blocks
    that keep the size; ReLU, the sum over all places, and a fully connected layer. Filters are 3×3;
    where a block changes size or channels, x passes a convolution of one pixel.

    A generator that is told classes, and has batch normalisation, has a gain and a shift of each
    class (:class:`ConditionalBatchNorm`) in all blocks; what else it is told is joined to the
    latent. A discriminator or encoder takes what it is told as further channels.

    Args:
        context: Shapes (images: height, width, channels) and the seed.
        channels: Of the maps at each stage, from the image to the smallest; one number for all.
        stages: How often sides are doubled or halved; by default as often as leaves a map at
            least 4 wide and high: once for 8×8, 2 times for 28×28, 3 for 32×32, 4 for 64×64.
        plain: A discriminator's or an encoder's blocks that keep the size.
        norm: ``batch``, ``layer`` (over an example's map), ``instance`` (over a channel of it),
            ``group``, ``pixel`` or ``none``; by default ``batch`` in a generator, else ``none``.
        groups: Of channels, with ``group``.
        synchronized: Whether the batch's statistics are those of the global batch.
        conditional: Whether a generator has gains and shifts of the classes that it is told;
            if not, they are joined to the latent.
        attention: Height of the maps after which there is a :class:`SelfAttention`.
        minibatch_stddev: Whether a discriminator's last map has a channel of how much examples
            differ (:class:`MinibatchStddev`), followed by a convolution.
        stddev_group: Examples that it compares.
        output: Activation of the generator's output: ``tanh``, ``sigmoid`` or ``linear``.
        heads: What a discriminator says besides its logits (:class:`advnets.networks.Words`).
        features: Whether it returns the sum over all places as well.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32; a dictionary with
        ``logits``, heads and ``features`` where these are asked for.

    Raises:
        UsageError: If the data are not images, or cannot be halved ``stages`` times; if channels
            are not given for each stage, groups do not divide them, or no map has the size of
            ``attention``; if another than a discriminator is asked for heads.

    Source: Miyato et al. 2018 (arXiv:1802.05957), appendix B.4; for 32×32 there, 256 channels
    in the generator; 128, 2 stages and 2 plain blocks in the discriminator.

    >>> context = NetworkContext("generator", (128,), (32, 32, 3))
    >>> model = resnet(context, channels=[8, 16, 32])
    >>> model.get_layer("map").output.shape, model.get_layer("block_0").output.shape
    ((None, 4, 4, 32), (None, 8, 8, 32))
    """
    generates = context.role == "generator"
    shape = context.output_shape if generates else context.input_shape
    height, width, _ = image_shape(shape, "resnet")
    stages = count_halvings(height, width, stages, "resnet")
    widths = widths_of(channels, stages, "resnet")
    chosen = norm or ("batch" if generates else "none")
    sizes = [height >> n for n in range(0 if generates else 1, stages + 1)]
    if attention is not None and attention not in sizes:
        raise UsageError(
            f"the {context.name} is to attend at maps of {attention} pixels; its blocks give maps "
            f"of {', '.join(map(str, sorted(sizes)))}",
            hint="set attention to one of them",
        )
    blocks = _Blocks(context, chosen, groups, synchronized, attention)
    if generates:
        return _generator(blocks, (height >> stages, width >> stages), widths, conditional, output)
    words = Words(heads or {}, features)
    group = stddev_group if minibatch_stddev else None
    return _discriminator(blocks, widths, plain, group, words)


@dataclass(frozen=True)
class _Blocks:
    """Make the parts of a network, each by its name."""

    context: NetworkContext
    kind: str
    groups: int
    synchronized: bool
    attention: int | None

    def convolution(
        self, x: keras.KerasTensor, filters: int, name: str, kernel: int = 3, gain: float = 1.0
    ) -> keras.KerasTensor:
        start = keras.initializers.VarianceScaling(
            gain, "fan_avg", "uniform", self.context.seed_for(name)
        )
        layer = keras.layers.Conv2D(
            filters, kernel, padding="same", kernel_initializer=start, name=name
        )
        return layer(x)

    def relu(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        kind = Relu if self.context.role == "discriminator" else keras.layers.ReLU
        return kind(name=name)(x)

    def norm(
        self, x: keras.KerasTensor, name: str, condition: keras.KerasTensor | None = None
    ) -> keras.KerasTensor:
        options: dict[str, Any] = {
            "synchronized": self.synchronized,
            "momentum": 0.9,
            "epsilon": 1e-5,
        }
        if self.kind == "none":
            return x
        if condition is not None:
            return ConditionalBatchNorm(**options, name=name)([x, condition])
        if self.kind == "batch":
            return BatchNorm(**options, name=name)(x)
        if self.kind == "pixel":
            return PixelNorm(name=name)(x)
        groups = {"layer": 1, "instance": x.shape[-1], "group": self.groups}[self.kind]
        if x.shape[-1] % groups:
            raise UsageError(
                f"the {self.context.name}'s {x.shape[-1]} channels are not to be divided into "
                f"{groups} groups",
                hint="choose other groups, or channels that they divide",
            )
        return keras.layers.GroupNormalization(groups, epsilon=1e-5, name=name)(x)

    def block(
        self,
        x: keras.KerasTensor,
        filters: int,
        name: str,
        resize: keras.layers.Layer | None = None,
        *,
        up: bool = False,
        first: bool = False,
        condition: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Return x + f(x), resized before the first convolution, or after the second."""
        shortcut, changes = x, resize is not None or x.shape[-1] != filters
        if not first:  # the image itself is not cut off at 0
            x = self.relu(self.norm(x, f"{name}_norm_0", condition), f"{name}_relu_0")
        if up and resize is not None:
            x = resize(x)
        x = self.convolution(x, filters, f"{name}_conv_0", gain=2.0)
        x = self.relu(self.norm(x, f"{name}_norm_1", condition), f"{name}_relu_1")
        x = self.convolution(x, filters, f"{name}_conv_1", gain=2.0)
        if not up and resize is not None:
            x, shortcut = resize(x), resize(shortcut)
        if changes:  # of one pixel, so that before and after resizing are the same
            shortcut = self.convolution(shortcut, filters, f"{name}_shortcut", kernel=1)
        if up and resize is not None:
            shortcut = resize(shortcut)
        return keras.layers.Add(name=name)([shortcut, x])

    def attend(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return attend(x, self.context, "attention") if x.shape[1] == self.attention else x


def _generator(
    blocks: _Blocks, size: tuple[int, int], widths: list[int], conditional: bool, output: str
) -> keras.Model:
    context = blocks.context
    inputs = take_vectors(context, "resnet")
    classes = [
        name
        for name, one in context.given.items()
        if one.classes and conditional and blocks.kind == "batch"
    ]
    joined = context.joined({name: x for name, x in inputs.items() if name not in classes})
    condition = _condition(context, {name: inputs[name] for name in classes})
    small = (*size, widths[-1])
    x = context.dense(math.prod(small), "dense")(joined)
    x = blocks.attend(keras.layers.Reshape(small, name="map")(x))
    for index, filters in enumerate(reversed(widths)):
        name = f"block_{index}"
        double = keras.layers.UpSampling2D(2, name=f"{name}_double")
        x = blocks.block(x, filters, name, double, up=True, condition=condition)
        x = blocks.attend(x)
    x = blocks.relu(blocks.norm(x, "output_norm"), "output_relu")
    x = blocks.convolution(x, context.output_shape[-1], "output")
    return context.model(inputs, activate_output(x, output))


def _condition(
    context: NetworkContext, inputs: Mapping[str, keras.KerasTensor]
) -> keras.KerasTensor | None:
    """Return the classes that are told, as one vector of ones and zeros, or nothing."""
    if not inputs:
        return None
    parts = [
        keras.layers.Reshape((math.prod(x.shape[1:]),), name=f"{name}_classes")(x)
        for name, x in context.encoded(inputs).items()
    ]
    return keras.layers.Concatenate(name="condition")(parts) if parts[1:] else parts[0]


def _discriminator(
    blocks: _Blocks, widths: list[int], plain: int, group: int | None, words: Words
) -> keras.Model:
    context = blocks.context
    inputs = context.inputs()
    x = join_maps(context, inputs, "resnet")
    for index, filters in enumerate(widths):
        name = f"block_{index}"
        halve = keras.layers.AveragePooling2D(2, name=f"{name}_halve")
        x = blocks.block(x, filters, name, halve, first=index == 0)
        x = blocks.attend(x)
    for index in range(len(widths), len(widths) + plain):
        x = blocks.block(x, widths[-1], f"block_{index}")
    x = blocks.relu(blocks.norm(x, "last_norm"), "last_relu")
    if group is not None:
        x = MinibatchStddev(group, name="minibatch_stddev")(x)
        x = blocks.relu(blocks.convolution(x, widths[-1], "stddev_conv", gain=2.0), "stddev_relu")
    x = keras.ops.sum(as_float32(x, "last_float32"), axis=(1, 2))

    def last(units: int, name: str) -> keras.layers.Layer:
        start = keras.initializers.GlorotUniform(context.seed_for(name))
        return keras.layers.Dense(units, kernel_initializer=start, dtype="float32", name=name)

    def end() -> keras.KerasTensor:
        y = last(math.prod(context.output_shape), "output")(x)
        return keras.layers.Reshape(context.output_shape, name="shape", dtype="float32")(y)

    return context.model(inputs, words.say(context, x, x, end, last))
