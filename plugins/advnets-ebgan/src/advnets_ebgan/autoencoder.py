"""Build the auto-encoder that plays EBGAN's discriminator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from advnets import validated_by
from advnets.networks import BatchNorm, Dropout, NetworkContext, Words

from .energy import Energy
from .hooks import AutoencoderParameters


@validated_by(AutoencoderParameters)
def autoencoder(
    context: NetworkContext,
    *,
    encoder: Sequence[int] = (1024, 1024),
    activation: str = "relu",
    batch_norm: str = "encoder",
    synchronized: bool = False,
    dropout: float = 0.0,
    output: str = "linear",
    stddev: float | None = None,
    heads: Mapping[str, Any] | None = None,
) -> keras.Model:
    """Build a fully connected auto-encoder that judges an example by how well it rebuilds it.

    Args:
        context: The data's shape, and the seed. What the network is told, the encoder sees next
            to the example, which alone is rebuilt.
        encoder: Units of each of the encoder's layers. The decoder is one layer, of the
            data's size.
        activation: Of the encoder's layers.
        batch_norm: Batch normalisation between weights and activation: ``none``; ``encoder``:
            in all of the encoder's layers but the first; ``all``: in the decoder as well.
        synchronized: Whether its statistics are those of the global batch, on several
            replicas (:class:`advnets.networks.BatchNorm`).
        dropout: Probability of dropping an output of one of the encoder's layers.
        output: Activation of the reconstruction.
        stddev: Weights start from N(0, stddev²); ``None`` for Glorot's uniform.
        heads: What it says besides its energy: linear outputs of the code, in which space each
            (a field's name, for the logits of its classes; a number of values; or a shape).

    Returns:
        A model from ``[N, *shape]`` to a dictionary, all float32: ``energy`` ``[N]``, the
        un-squared norm ‖Dec(Enc(x)) − x‖; ``features`` ``[N, encoder[-1]]``, the encoder's
        output S; ``reconstruction`` ``[N, *shape]``; and each head by its name.

    Raises:
        UsageError: If a head names no field.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), equation 13 and section 4.1.

    >>> model = autoencoder(NetworkContext("discriminator", (8, 8, 1)), encoder=[32, 16])
    >>> output = model(keras.ops.zeros([5, 8, 8, 1]))
    >>> {name: tuple(tensor.shape) for name, tensor in sorted(output.items())}
    {'energy': (5,), 'features': (5, 16), 'reconstruction': (5, 8, 8, 1)}
    """

    def dense(units: int, name: str, dtype: str | None = None) -> keras.layers.Dense:
        seed = context.seed_for(name)
        start = (
            keras.initializers.GlorotUniform(seed)
            if stddev is None
            else keras.initializers.RandomNormal(0.0, stddev, seed)
        )
        return keras.layers.Dense(units, kernel_initializer=start, dtype=dtype, name=name)

    def head(units: int, name: str) -> keras.layers.Layer:
        return dense(units, name, dtype="float32")

    shape = context.input_shape
    inputs = context.inputs()
    x = context.joined(inputs)
    for index, units in enumerate(encoder):
        name = f"encoder_{index}"
        x = dense(units, name)(x)
        if batch_norm != "none" and index > 0:
            x = BatchNorm(synchronized=synchronized, name=f"{name}_norm")(x)
        x = keras.layers.Activation(activation, name=f"{name}_activation")(x)
        if dropout:
            stream = f"{context.name}/{name}_dropout"
            seed = context.seed_for(f"{name}_dropout")
            x = Dropout(dropout, stream, seed=seed, name=f"{name}_dropout")(x)
    features = x
    x = dense(math.prod(shape), "decoder")(features)
    if batch_norm == "all":
        x = BatchNorm(synchronized=synchronized, name="decoder_norm")(x)
    # From here on in float32, whatever the layers before compute in: an energy is a
    # difference of two images that come to resemble each other.
    if output != "linear":
        x = keras.layers.Activation(output, name="decoder_activation", dtype="float32")(x)
    reconstruction = keras.layers.Reshape(shape, name="reconstruction", dtype="float32")(x)
    energy = Energy(name="energy", dtype="float32")([reconstruction, inputs[context.input_name]])
    said = {"energy": energy, "features": features, "reconstruction": reconstruction}
    return context.model(inputs, said | Words(heads or {}).say_heads(context, features, head))
