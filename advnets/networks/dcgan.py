"""Build the convolutional players of DCGAN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import keras

from ..builtin.networks import DcganParameters
from ..errors import UsageError
from ..recipe.validated import validated_by
from .context import NetworkContext, flatten
from .heads import Space, Words
from .layers import BatchNorm, Relu
from .stack import activate_output, image_shape, join_maps, take_vectors

SMALLEST_MAP = 4


@validated_by(DcganParameters)
def dcgan(
    context: NetworkContext,
    *,
    channels: int = 64,
    stages: int | None = None,
    kernel: int = 5,
    batch_norm: bool = True,
    synchronized: bool = False,
    slope: float = 0.2,
    stddev: float = 0.02,
    output: str = "tanh",
    heads: Mapping[str, Space] | None = None,
    features: bool = False,
    logits: str = "linear",
) -> keras.Model:
    """Build strided convolutions down to a small map, or transposed ones up from it.

    The map has 1/2^stages of the image's width and height, and channels·2^(stages − 1)
    channels; every stage halves the channels and doubles both sides, or the other way round.

    Generator: a fully connected layer to the map, then ``stages`` transposed convolutions
    of stride 2, the last one to the image; batch normalisation and ReLU after all layers
    but the last. Discriminator: ``stages`` convolutions of stride 2, each followed by
    LeakyReLU, all but the first by batch normalisation before it; then one logit.

    As in the authors' code, γ starts from N(1, stddev²), β is the only bias, the map is
    normalised unit by unit, and the other layers channel by channel. Their samples are made
    with the statistics of a batch; here, as usual, with moving averages (momentum 0.9).
    Without batch normalisation every layer has a bias, which starts at 0.

    Args:
        context: Shapes (images: height, width, channels) and the seed.
        channels: Of the layer next to the image; 128 in the authors' code.
        stages: Convolutions of stride 2; by default as many as leave a map at least 4 wide
            and high: 2 for 28×28, 3 for 32×32, 4 for 64×64.
        kernel: Width and height of the filters.
        batch_norm: Whether there is batch normalisation.
        synchronized: Whether its statistics are those of the global batch
            (:class:`advnets.networks.BatchNorm`).
        slope: Of LeakyReLU, below zero.
        stddev: Weights start from N(0, stddev²).
        output: Activation of the generator's output: ``tanh``, ``sigmoid`` or ``linear``.
        heads: What a discriminator says besides its logits, and in which space each
            (:class:`advnets.networks.heads.Words`).
        features: Whether it returns its last hidden layer as well.
        logits: ``linear``, or ``log_sum_exp`` of the one head of classes.

    Returns:
        A model from ``[N, *input_shape]`` to ``[N, *output_shape]``, float32; a dictionary with
        ``logits``, heads and ``features`` where these are asked for.

    Raises:
        UsageError: If the data are not images, or cannot be halved ``stages`` times; if a
            generator takes images, or is asked for heads.

    Source: Radford, Metz and Chintala 2015 (arXiv:1511.06434), section 3 and figure 1, and
    the authors' code.

    >>> model = dcgan(NetworkContext("generator", (100,), (32, 32, 3)), channels=8)
    >>> model.get_layer("map").output.shape[1:], model.get_layer("deconv_0").output.shape[1:]
    ((4, 4, 32), (8, 8, 16))
    """
    layers = _Layers(context, kernel, batch_norm, synchronized, stddev)
    words = Words(heads or {}, features, logits)
    if context.role == "generator":
        words.refuse_elsewhere(context)
        return _generator(layers, channels, stages, output)
    return _discriminator(layers, channels, stages, slope, words)


@dataclass(frozen=True)
class _Layers:
    """Make the layers, all with the same start."""

    context: NetworkContext
    kernel: int
    batch_norm: bool
    synchronized: bool
    stddev: float

    def _normal(self, name: str, mean: float = 0.0) -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(mean, self.stddev, self.context.seed_for(name))

    def dense(self, units: int, name: str, dtype: str | None = None) -> keras.layers.Layer:
        return keras.layers.Dense(
            units,
            use_bias=not self.batch_norm,
            kernel_initializer=self._normal(name),
            dtype=dtype,
            name=name,
        )

    def convolution(self, filters: int, name: str, transposed: bool = False) -> keras.layers.Layer:
        kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
        return kind(
            filters,
            self.kernel,
            strides=2,
            padding="same",
            use_bias=not self.batch_norm,
            kernel_initializer=self._normal(name),
            name=name,
        )

    def norm(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        if not self.batch_norm:
            return x
        return BatchNorm(
            synchronized=self.synchronized,
            momentum=0.9,
            epsilon=1e-5,
            gamma_initializer=self._normal(name, mean=1.0),
            name=name,
        )(x)


def _generator(layers: _Layers, channels: int, stages: int | None, output: str) -> keras.Model:
    context = layers.context
    height, width, colours = image_shape(context.output_shape, "dcgan")
    stages = _count_stages(height, width, stages)
    small = (height >> stages, width >> stages, channels << (stages - 1))
    inputs = take_vectors(context, "dcgan")
    x = layers.dense(math.prod(small), "dense")(context.joined(inputs))
    x = layers.norm(x, "dense_norm")
    x = keras.layers.ReLU(name="dense_activation")(x)
    x = keras.layers.Reshape(small, name="map")(x)
    for index in range(stages - 1):
        name = f"deconv_{index}"
        x = layers.convolution(small[2] >> (index + 1), name, transposed=True)(x)
        x = layers.norm(x, f"{name}_norm")
        x = keras.layers.ReLU(name=f"{name}_activation")(x)
    x = layers.convolution(colours, "output", transposed=True)(x)
    return context.model(inputs, activate_output(x, output))


def _discriminator(
    layers: _Layers, channels: int, stages: int | None, slope: float, words: Words
) -> keras.Model:
    context = layers.context
    height, width, _ = image_shape(context.input_shape, "dcgan")
    inputs = context.inputs()
    x = join_maps(context, inputs, "dcgan")
    for index in range(_count_stages(height, width, stages)):
        name = f"conv_{index}"
        x = layers.convolution(channels << index, name)(x)
        if index > 0:
            x = layers.norm(x, f"{name}_norm")
        x = Relu(slope, name=f"{name}_activation")(x)
    x = flatten(x)

    def last(units: int, name: str) -> keras.layers.Layer:
        return layers.dense(units, name, dtype="float32")

    def end() -> keras.KerasTensor:
        y = last(math.prod(context.output_shape), "output")(x)
        return keras.layers.Reshape(context.output_shape, name="shape", dtype="float32")(y)

    return context.model(inputs, words.say(context, x, x, end, last))


def _count_stages(height: int, width: int, requested: int | None) -> int:
    """Return how many times the image is halved.

    Raises:
        UsageError: If it cannot be, or not as often as requested.
    """
    smaller = min(height, width)
    possible = [n for n in range(1, 31) if not (height % 2**n or width % 2**n)]
    if requested is None:
        requested = max((n for n in possible if smaller >> n >= SMALLEST_MAP), default=1)
    if requested in possible:
        return requested
    most = max(possible, default=0)
    other = "give the data set another size"
    raise UsageError(
        f"dcgan halves images {requested} times (stages), for which height and width must be "
        f"multiples of {2**requested}; these images have {height}×{width} pixels",
        hint=f"set stages to at most {most}, or {other}"
        if most
        else f"{other} (for folder: size), or choose another architecture",
    )
