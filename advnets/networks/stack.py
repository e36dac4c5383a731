"""Build the parts of networks of fully connected layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from ..errors import DataError, UsageError
from .context import NetworkContext, flatten
from .heads import Words
from .initializers import weight_initializer
from .layers import BatchNorm, ColumnNorm, Dense, Dropout, Maxout, Relu
from .precision import as_float32

STARTS = ("irange", "stddev", "sparse")
OUTPUT: dict[str, Any] = {"activation": "linear", "bias": 0.0}
"""What an output layer is unless a recipe says otherwise."""


def choose_weights(own: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layer's start and norm bound: its own where given, else the network's."""
    start = own if any(own.get(name) is not None for name in STARTS) else network
    limit = own.get("max_col_norm")
    return {
        **{name: start.get(name) for name in STARTS},
        "max_col_norm": network.get("max_col_norm") if limit is None else limit,
    }


def kernel_arguments(choice: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return Keras's arguments for a kernel that starts and is bounded as in ``choice``."""
    limit = choice.get("max_col_norm")
    return {
        "kernel_initializer": weight_initializer(choice, seed),
        "kernel_constraint": None if limit is None else ColumnNorm(limit),
    }


def filter_initializer(
    own: Mapping[str, Any], network: Mapping[str, Any], seed: int
) -> keras.initializers.Initializer:
    """Choose the start of a convolution's filters: ``irange`` or ``stddev``, else Glorot's."""
    choice = {name: choose_weights(own, network)[name] for name in ("irange", "stddev")}
    return weight_initializer(choice, seed)


def activation_layer(
    activation: str, slope: float, name: str, dtype: str | None = None, role: str = ""
) -> keras.layers.Layer:
    """Make the activation a layer of its own, called ``name``, computed in ``dtype`` if given.

    A discriminator may be differentiated twice, which its ReLUs are made for. In a generator
    TensorFlow's own are faster: it fuses them with the matrix product before them.
    """
    if role == "discriminator" and activation in ("relu", "leaky_relu"):
        return Relu(0.0 if activation == "relu" else slope, name=name, dtype=dtype)
    if activation == "leaky_relu":
        return keras.layers.LeakyReLU(negative_slope=slope, name=name, dtype=dtype)
    return keras.layers.Activation(activation, name=name, dtype=dtype)


def activate_output(x: keras.KerasTensor, activation: str, slope: float = 0.2) -> keras.KerasTensor:
    """Apply a network's last activation, in float32 whatever the layers before compute in."""
    if activation == "linear":
        return as_float32(x)
    return activation_layer(activation, slope, name="output_activation", dtype="float32")(x)


def image_shape(shape: tuple[int, ...], architecture: str) -> tuple[int, int, int]:
    """Return height, width and channels of the data.

    Raises:
        UsageError: If the data are not images.
    """
    if len(shape) != 3:
        raise UsageError(
            f"{architecture} needs images (height, width, channels); the data's shape is {shape}",
            hint="choose mlp or maxout, which take data of any shape",
        )
    return shape[0], shape[1], shape[2]


def take_vectors(context: NetworkContext, architecture: str) -> dict[str, keras.KerasTensor]:
    """Make the inputs of a generator that paints images from vectors.

    Raises:
        UsageError: If it is to take images.
    """
    if context.input_name != "latent" and len(context.input_shape) == 3:
        raise UsageError(
            f"the {context.name} makes images of images ({context.input_name}, "
            f"{context.input_shape}), which {architecture} cannot",
            hint="choose mlp, which takes anything, or an architecture made for it",
        )
    return context.inputs()


def join_maps(
    context: NetworkContext, inputs: Mapping[str, keras.KerasTensor], architecture: str
) -> keras.KerasTensor:
    """Join what a convolutional network is told to its image: [N, height, width, channels + …].

    Images become channels, everything else maps that are constant over an image: one for
    each class, or number.

    Raises:
        UsageError: If the data are not images, or an image that it is told has another size.
    """
    height, width, _ = image_shape(context.input_shape, architecture)
    (_, image), *told = context.encoded(inputs).items()
    images, vectors = [image], []
    for name, x in told:
        if len(x.shape) == 4 and x.shape[1:3] == (height, width):
            images.append(x)
        elif context.given[name].kind == "image":
            raise UsageError(
                f"{architecture} joins images to the {context.name}'s as channels; those of "
                f"{name!r} have {x.shape[1]}×{x.shape[2]} pixels, its own {height}×{width}",
                hint="make them the same size, or choose mlp or maxout",
            )
        else:
            vectors.append(flatten(x, f"{name}_flat"))
    if vectors:
        joined = keras.layers.Concatenate(name="told")(vectors) if vectors[1:] else vectors[0]
        pixel = keras.layers.Reshape((1, 1, joined.shape[1]), name="told_pixel")(joined)
        images.append(keras.layers.UpSampling2D((height, width), name="told_maps")(pixel))
    return keras.layers.Concatenate(name="joined")(images) if images[1:] else image


def drop_inputs(
    x: keras.KerasTensor, rates: Sequence[float], index: int, context: NetworkContext
) -> keras.KerasTensor:
    """Apply dropout at the input of layer ``index``, if a rate is given for it."""
    if index >= len(rates) or rates[index] == 0:
        return x
    name = f"dropout_{index}"
    seed = context.seed_for(name)
    return Dropout(rates[index], f"{context.name}/{name}", seed=seed, name=name)(x)


def hidden_layers(
    x: keras.KerasTensor,
    context: NetworkContext,
    layers: Sequence[int | Mapping[str, Any]],
    network: Mapping[str, Any],
    *,
    activation: str,
    slope: float,
    bias: float,
    batch_norm: str,
    synchronized: bool = False,
    dropout: Sequence[float] = (),
) -> keras.KerasTensor:
    """Build the hidden layers of an MLP; see :func:`advnets.networks.mlp.mlp` for arguments."""

    def first(own: Any, default: Any) -> Any:
        return default if own is None else own

    for index, layer in enumerate(layers):
        own: Mapping[str, Any] = {"units": layer} if isinstance(layer, int) else layer
        name = f"hidden_{index}"
        norm = first(own.get("batch_norm"), batch_norm)
        x = drop_inputs(x, dropout, index, context)
        x = Dense(
            own["units"],
            bias_initializer=keras.initializers.Constant(float(first(own.get("bias"), bias))),
            **kernel_arguments(choose_weights(own, network), context.seed_for(name)),
            name=name,
        )(x)
        if norm == "before":
            x = BatchNorm(synchronized=synchronized, name=f"{name}_norm")(x)
        chosen = first(own.get("activation"), activation)
        if chosen != "linear":
            x = activation_layer(chosen, slope, f"{name}_activation", role=context.role)(x)
        if norm == "after":
            x = BatchNorm(synchronized=synchronized, name=f"{name}_norm")(x)
    return x


def maxout_layers(
    x: keras.KerasTensor,
    context: NetworkContext,
    layers: Sequence[int | Mapping[str, Any]],
    network: Mapping[str, Any],
    *,
    pieces: int,
    dropout: Sequence[float],
    first: int = 0,
) -> keras.KerasTensor:
    """Build fully connected maxout layers; the first one's dropout rate is ``dropout[first]``."""
    for index, layer in enumerate(layers):
        own: Mapping[str, Any] = {"units": layer} if isinstance(layer, int) else layer
        name = f"maxout_{index}"
        x = drop_inputs(x, dropout, first + index, context)
        x = Maxout(
            own["units"],
            own.get("pieces") or pieces,
            **kernel_arguments(choose_weights(own, network), context.seed_for(name)),
            name=name,
        )(x)
    return x


def output_layer(
    x: keras.KerasTensor,
    context: NetworkContext,
    output: Mapping[str, Any] | None,
    network: Mapping[str, Any],
    slope: float = 0.2,
) -> keras.KerasTensor:
    """Build the last layer, in the context's output shape ([N] for a discriminator), float32.

    A discriminator's layer is computed in float32 too: it is small, and half precision keeps
    two or three digits of a logit.

    Raises:
        UsageError: For a discriminator that ends in a sigmoid: what it returns is taken as
            the logit, of which the losses take the sigmoid. For a bias of marginals in
            another network than a generator.
    """
    output = OUTPUT | dict(output or {})
    if context.role == "discriminator" and output["activation"] == "sigmoid":
        raise UsageError(
            f"the {context.name}'s output has a sigmoid, but is taken as the logit of D(x)",
            hint=f"leave {context.name}.output.activation at linear; the losses apply the sigmoid",
        )
    from_marginals = output["bias"] == "marginals"
    if from_marginals and context.role != "generator":
        raise UsageError(
            f"the {context.name}'s bias is to be marginals, the data's mean, but it makes no data",
            hint=f"leave {context.name}.output.bias at a number",
        )
    bias = 0.0 if from_marginals else float(output["bias"])
    layer = Dense(
        math.prod(context.output_shape),
        bias_initializer=keras.initializers.Constant(bias),
        **kernel_arguments(choose_weights(output, network), context.seed_for("output")),
        dtype="float32" if context.role == "discriminator" else None,
        name="output",
    )
    x = layer(x)
    if from_marginals:
        # Assigned rather than given as an initializer: an exported model's configuration
        # then holds no array.
        layer.bias.assign(marginal_bias(context, output["activation"]))
    x = activate_output(x, output["activation"], slope)
    if context.output_shape != tuple(x.shape[1:]):
        x = keras.layers.Reshape(context.output_shape, name="shape", dtype="float32")(x)
    return x


def output_layers(
    hidden: keras.KerasTensor,
    context: NetworkContext,
    output: Mapping[str, Any] | None,
    network: Mapping[str, Any],
    words: Words,
    *,
    dropout: Sequence[float],
    index: int,
    slope: float = 0.2,
) -> keras.KerasTensor | dict[str, keras.KerasTensor]:
    """Build the output layer, and a discriminator's heads next to it, with dropout before them.

    Heads are linear, start from zero bias, and else start and are bounded as the output layer.

    Args:
        hidden: The last hidden layer.
        context: The context.
        output: As :func:`output_layer` takes it, as ``network`` and ``slope``.
        network: See there.
        words: What a discriminator says.
        dropout: Rates of the network's layers, of which ``index`` is the output's.
        index: See there.
        slope: See there.
    """
    x = drop_inputs(hidden, dropout, index, context)

    def head(units: int, name: str) -> keras.layers.Layer:
        choice = choose_weights(output or {}, network)
        arguments = kernel_arguments(choice, context.seed_for(name))
        return Dense(units, **arguments, dtype="float32", name=name)

    def end() -> keras.KerasTensor:
        return output_layer(x, context, output, network, slope)

    return words.say(context, x, hidden, end, head)


def marginal_bias(context: NetworkContext, activation: str) -> np.ndarray:
    """Return the bias b at which activation(b) is the training data's mean, flattened.

    Sigmoid: b = logit(clip(mean, 1e-7, 1 − 1e-7)), as in the authors' code of Goodfellow et
    al. 2014; tanh likewise with atanh; linear: b = mean.

    Raises:
        DataError: If the mean lies outside the activation's range.
    """
    mean = np.asarray(context.marginals(), "float64").reshape(-1)
    if mean.size != math.prod(context.output_shape):
        raise DataError(
            f"the training data's mean has {mean.size} values; the generator's output has "
            f"{math.prod(context.output_shape)}"
        )
    if activation == "linear":
        return mean.astype("float32")
    low = {"sigmoid": 0.0, "tanh": -1.0}[activation]
    if mean.min() < low - 1e-6 or mean.max() > 1 + 1e-6:
        raise DataError(
            f"bias: marginals needs data in [{low:g}, 1] under a {activation} output; the "
            f"training data's means lie in [{mean.min():.3g}, {mean.max():.3g}]",
            hint="choose a dataset.preprocess that fits the output's activation, or bias: 0",
        )
    if activation == "tanh":
        return np.arctanh(np.clip(mean, -1 + 1e-7, 1 - 1e-7)).astype("float32")
    p = np.clip(mean, 1e-7, 1 - 1e-7)
    return (np.log(p) - np.log1p(-p)).astype("float32")
