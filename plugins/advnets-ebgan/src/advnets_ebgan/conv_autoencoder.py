"""Build the convolutional auto-encoder that plays EBGAN's discriminator of images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from advnets import UsageError, validated_by
from advnets.networks import BatchNorm, NetworkContext, Relu, Words, as_float32

from .energy import Energy
from .hooks import ConvAutoencoderParameters


@validated_by(ConvAutoencoderParameters)
def conv_autoencoder(
    context: NetworkContext,
    *,
    channels: Sequence[int] = (64, 128, 256),
    kernel: int = 4,
    batch_norm: bool = True,
    synchronized: bool = False,
    slope: float = 0.2,
    output: str = "linear",
    stddev: float = 0.02,
    heads: Mapping[str, Any] | None = None,
) -> keras.Model:
    """Build convolutions down to a code, and transposed ones up to the image again.

    E(x) = ‖Dec(Enc(x)) − x‖, un-squared, over all pixels. The encoder has a convolution of stride
    2 for each of ``channels``: (64)4c2s-(128)4c2s-(256)4c2s by default. The decoder mirrors it:
    transposed convolutions of stride 2 and 128, 64 and the image's channels. LeakyReLU follows
    all layers but the last, and before it batch normalisation all but the first and the last.

    Args:
        context: The data's shape (height, width, channels), and the seed. What the network is
            told, the encoder sees as further channels of the image, which alone is rebuilt.
        channels: Of each of the encoder's stages; every stage halves height and width.
        kernel: Width and height of the filters, in pixels.
        batch_norm: Whether there is batch normalisation.
        synchronized: Whether its statistics are those of the global batch, on several
            replicas (:class:`advnets.networks.BatchNorm`).
        slope: Of LeakyReLU, below zero.
        output: Activation of the reconstruction.
        stddev: Weights start from N(0, stddev²), biases from 0.
        heads: What it says besides its energy: linear outputs of the code, in which space each
            (a field's name, for the logits of its classes; a number of values; or a shape).

    Returns:
        A model from ``[N, *shape]`` to a dictionary, all float32: ``energy`` ``[N]``;
        ``features`` ``[N, F]``, the encoder's output S flattened; ``reconstruction``
        ``[N, *shape]``; and each head by its name.

    Raises:
        UsageError: If the data are not images, or cannot be halved that often; if a head names
            no field.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), equation 13, section 4.3 and
    appendix C. Unsure, from memory of the paper: where batch normalisation stands, the slope and
    the initial deviation, which are DCGAN's.

    >>> context = NetworkContext("discriminator", (16, 24, 3))
    >>> model = conv_autoencoder(context, channels=[4, 8])
    >>> said = model(keras.ops.zeros([5, 16, 24, 3]))
    >>> {name: tuple(tensor.shape) for name, tensor in sorted(said.items())}
    {'energy': (5,), 'features': (5, 192), 'reconstruction': (5, 16, 24, 3)}
    """
    _check_shape(context.input_shape, len(channels))

    def normal(name: str) -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(0.0, stddev, context.seed_for(name))

    def convolve(x: keras.KerasTensor, filters: int, name: str, up: bool) -> keras.KerasTensor:
        kind = keras.layers.Conv2DTranspose if up else keras.layers.Conv2D
        options = {"strides": 2, "padding": "same", "kernel_initializer": normal(name)}
        return kind(filters, kernel, name=name, **options)(x)

    def activate(x: keras.KerasTensor, name: str, norm: bool) -> keras.KerasTensor:
        if norm and batch_norm:
            x = BatchNorm(synchronized=synchronized, name=f"{name}_norm")(x)
        return Relu(slope, name=f"{name}_activation")(x)

    inputs = context.inputs()
    x = _join_channels(context, inputs)
    for index, filters in enumerate(channels):
        name = f"encoder_{index}"
        x = activate(convolve(x, filters, name, up=False), name, norm=index > 0)
    code = as_float32(keras.layers.Flatten(name="code")(x), "features")
    for index, filters in enumerate(reversed(channels[:-1])):
        name = f"decoder_{index}"
        x = activate(convolve(x, filters, name, up=True), name, norm=True)
    x = convolve(x, context.input_shape[2], "reconstruction", up=True)
    # From here on in float32, whatever the layers before compute in: an energy is a
    # difference of two images that come to resemble each other.
    rebuilt = keras.layers.Activation(output, name="decoder_activation", dtype="float32")(x)
    energy = Energy(name="energy", dtype="float32")([rebuilt, inputs[context.input_name]])

    def head(units: int, name: str) -> keras.layers.Layer:
        return keras.layers.Dense(
            units, kernel_initializer=normal(name), dtype="float32", name=name
        )

    said = {"energy": energy, "features": code, "reconstruction": rebuilt}
    return context.model(inputs, said | Words(heads or {}).say_heads(context, code, head))


def _check_shape(shape: tuple[int, ...], stages: int) -> None:
    """Raise UsageError unless the data are images whose sides 2^stages divides."""
    if len(shape) != 3:
        raise UsageError(
            f"conv_autoencoder needs images (height, width, channels); the data's shape is {shape}",
            hint="choose autoencoder, which takes data of any shape",
        )
    height, width, _ = shape
    if height % 2**stages or width % 2**stages:
        raise UsageError(
            f"conv_autoencoder halves images {stages} times (channels has {stages}), for which "
            f"height and width must be multiples of {2**stages}; these images have "
            f"{height}×{width} pixels",
            hint="give fewer channels, or the data set another size (for folder: size)",
        )


def _join_channels(
    context: NetworkContext, inputs: Mapping[str, keras.KerasTensor]
) -> keras.KerasTensor:
    """Join what the encoder sees: the image, images of its size, and maps of all other numbers."""
    height, width, _ = context.input_shape
    parts = []
    for name, x in context.encoded(inputs).items():
        if len(x.shape) != 4 or tuple(x.shape[1:3]) != (height, width):
            pixel = keras.layers.Reshape((1, 1, math.prod(x.shape[1:])), name=f"{name}_pixel")(x)
            x = keras.layers.UpSampling2D((height, width), name=f"{name}_maps")(pixel)
        parts.append(x)
    return keras.layers.Concatenate(name="joined")(parts) if parts[1:] else parts[0]
