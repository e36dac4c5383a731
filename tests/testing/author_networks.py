"""Right networks, as authors write them: layers with state, that mix, attend, recur, draw."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from advnets.data import Field
from advnets.errors import UsageError
from advnets.networks import Dropout, NetworkContext
from advnets.plugins.components import ROLES

from .author_layers import (
    ClassNorm,
    Deviation,
    Discrimination,
    Jitter,
    Noise,
    Pack,
    Residual,
    Spectral,
)

Build = Callable[[NetworkContext], keras.Model]


def dense_network(context: NetworkContext, *between: Any) -> keras.Model:
    """A plain network for any role, with what is given between its two layers."""
    inputs = context.inputs()
    x = context.dense(6, "hidden", "tanh")(context.joined(inputs))
    for layer in between:
        x = layer(x)
    return ended(context, inputs, x)


def ended(context: NetworkContext, inputs: Any, x: Any) -> keras.Model:
    """A network whose last layer is of what its role gives."""
    x = layers.Flatten(name="flattened")(x) if len(x.shape) > 2 else x
    x = context.dense(math.prod(context.output_shape), "output")(x)
    return context.model(inputs, layers.Reshape(context.output_shape)(x))


def only(context: NetworkContext, *roles: str, told: bool = True) -> None:
    if context.role not in roles:
        raise UsageError(f"for a {' or '.join(roles)}, not for a {context.role}")
    if context.given and not told:
        raise UsageError(f"it is told nothing, not {', '.join(context.given)}")


def spectral(context: NetworkContext) -> keras.Model:
    return dense_network(context, Spectral(5, context.seed_for("spectral")))


def keras_spectral(context: NetworkContext) -> keras.Model:
    return dense_network(context, layers.SpectralNormalization(context.dense(5, "normalised")))


def normalised(kind: str) -> Build:
    made = {
        "batch": lambda: layers.BatchNormalization(momentum=0.5),
        "layer": layers.LayerNormalization,
        "group": lambda: layers.GroupNormalization(groups=2),
        "instance": lambda: layers.GroupNormalization(groups=-1),
    }

    def build(context: NetworkContext) -> keras.Model:
        inputs = context.inputs()
        x = context.dense(24, "hidden")(context.joined(inputs))
        return ended(context, inputs, made[kind]()(layers.Reshape((2, 3, 4))(x)))

    return build


def deviation(context: NetworkContext) -> keras.Model:
    return dense_network(context, Deviation())


def discrimination(context: NetworkContext) -> keras.Model:
    return dense_network(context, context.dense(4, "compared"), Discrimination())


def packed(context: NetworkContext) -> keras.Model:
    only(context, "discriminator")
    inputs = context.inputs()
    return ended(
        context, inputs, context.dense(6, "hidden", "tanh")(Pack()(context.joined(inputs)))
    )


def wrapping(context: NetworkContext) -> keras.Model:
    """Packs two examples for any other network."""
    only(context, "discriminator", told=False)
    *axes, channels = context.input_shape
    inner = context.make("architectures", dense_network, input_shape=(*axes, 2 * channels))
    inputs = context.inputs()
    return context.model(inputs, inner(Pack()(inputs[context.input_name])))


def recurrent(context: NetworkContext) -> keras.Model:
    """For sequences: D judges each step, G begins from the latent at each."""
    only(context, "generator", "discriminator", told=False)
    steps, numbers = context.output_shape or context.input_shape
    inputs = context.inputs()
    x = inputs[context.input_name]
    if context.role == "generator":
        x = layers.RepeatVector(steps)(x)
    start = {
        "kernel_initializer": keras.initializers.GlorotUniform(context.seed_for("gru")),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=context.seed_for("again")),
    }
    x = layers.GRU(4, return_sequences=True, **start)(x)
    x = context.dense(numbers if context.role == "generator" else 1, "steps")(x)
    return context.model(
        inputs, x if context.role == "generator" else layers.Flatten(name="by_step")(x)
    )


def convolved(context: NetworkContext) -> keras.Model:
    """1-D, for sequences."""
    only(context, "discriminator", told=False)
    inputs = context.inputs()
    start = keras.initializers.GlorotUniform(context.seed_for("convolution"))
    x = layers.Conv1D(3, 3, 2, "same", kernel_initializer=start)(inputs[context.input_name])
    return ended(context, inputs, layers.LeakyReLU()(x))


def of_one_shape(context: NetworkContext) -> keras.Model:
    """For images of 28×28 alone, and it does not even ask; D judges patches."""
    only(context, "generator", "discriminator", told=False)
    inputs = context.inputs()
    start = keras.initializers.GlorotUniform(context.seed_for("a"))
    if context.role == "generator":
        return context.model(
            inputs,
            layers.Reshape((28, 28, 1))(context.dense(784, "out", "tanh")(context.joined(inputs))),
        )
    x = layers.Conv2D(1, 7, 7, kernel_initializer=start)(inputs[context.input_name])
    return context.model(inputs, x)  # logits [N, 4, 4, 1]


def doubling(context: NetworkContext) -> keras.Model:
    """For square images of 4, 8, 16, … pixels."""
    only(context, "generator", "discriminator", told=False)
    shape = context.output_shape or context.input_shape
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] & (shape[0] - 1) or shape[0] < 4:
        raise UsageError(f"images of 4, 8, 16, … pixels were expected, not {shape}")
    inputs, size = context.inputs(), 4

    def start(name: str) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(context.seed_for(name))

    if context.role == "discriminator":
        x, size = inputs[context.input_name], shape[0]
        while size > 4:
            x = layers.Conv2D(2, 3, 2, "same", kernel_initializer=start(f"at_{size}"))(x)
            x, size = layers.LeakyReLU()(x), size // 2
        return ended(context, inputs, x)
    x = layers.Reshape((4, 4, 2))(context.dense(32, "first")(context.joined(inputs)))
    while size < shape[0]:
        x, size = layers.UpSampling2D()(layers.LeakyReLU()(x)), 2 * size
        x = layers.Conv2D(2, 3, padding="same", kernel_initializer=start(f"to_{size}"))(x)
    x = layers.Conv2D(shape[2], 1, kernel_initializer=start("last"), activation="tanh")(x)
    return context.model(inputs, x)


def attending(context: NetworkContext) -> keras.Model:
    inputs = context.inputs()
    x = layers.Reshape((4, 3))(context.dense(12, "hidden", "tanh")(context.joined(inputs)))
    start = keras.initializers.GlorotUniform(context.seed_for("attention"))
    attention = layers.MultiHeadAttention(2, 3, kernel_initializer=start)
    return ended(context, inputs, Residual()([x, attention(x, x)]))


def rebuilding(context: NetworkContext) -> keras.Model:
    """An auto-encoder: the energy is how much it misses."""
    only(context, "discriminator")
    inputs = context.inputs()
    x, shape = context.joined(inputs), context.input_shape
    code = context.dense(4, "code", "tanh")(x)
    again = layers.Reshape(shape)(context.dense(math.prod(shape), "again")(code))
    gap = layers.Flatten(name="gap")(again - inputs[context.input_name])
    energy = ops.mean(ops.square(gap), axis=1)
    return context.model(inputs, {"energy": energy, "features": code, "reconstruction": again})


def by_class(context: NetworkContext) -> keras.Model:
    """A generator of classes, which is always told one."""
    only(context, "generator")
    if [one for one in context.given.values() if one.classes] != [*context.given.values()]:
        raise UsageError("it is told a class, and nothing else")
    if not context.given:
        raise UsageError("it needs to be told a class")
    (name, field), inputs = *context.given.items(), context.inputs()
    x = context.dense(6, "hidden")(inputs[context.input_name])
    x = ClassNorm(field.classes)([x, inputs[name]])
    return ended(context, inputs, layers.LeakyReLU()(x))


def projected(context: NetworkContext) -> keras.Model:
    """A discriminator that is always told a class, which it projects what it sees on."""
    only(context, "discriminator")
    classes = [name for name, one in context.given.items() if one.classes]
    if not classes:
        raise UsageError("it needs to be told a class")
    inputs = context.inputs()
    others = {name: x for name, x in inputs.items() if name not in classes}
    x = context.dense(6, "hidden", "leaky_relu")(context.joined(others))
    told = context.joined({name: inputs[name] for name in classes})
    seen = ops.sum(context.dense(6, "projection")(told) * x, axis=-1, keepdims=True)
    return context.model(inputs, context.dense(1, "output")(x) + seen)


def noisy(context: NetworkContext) -> keras.Model:
    return dense_network(context, Noise(f"{context.name}/noise"))


def jittered(context: NetworkContext) -> keras.Model:
    return dense_network(context, Jitter(f"{context.name}/jitter"))


def dropping(context: NetworkContext) -> keras.Model:
    return dense_network(context, Dropout(0.5, f"{context.name}/dropout"))


def half_frozen(context: NetworkContext) -> keras.Model:
    """Features that never move, whatever the run's seed, and a layer that does."""
    inputs = context.inputs()
    fixed = layers.Dense(6, kernel_initializer=keras.initializers.GlorotUniform(7))
    fixed.trainable = False
    return ended(context, inputs, fixed(context.joined(inputs)))


def weightless(context: NetworkContext) -> keras.Model:
    """A further network, which gives three moments of what it takes."""
    only(context, "encoder", told=False)
    inputs = context.inputs()
    x = ops.tanh(context.joined(inputs))
    moments = [ops.mean(x**n, axis=1, keepdims=True) for n in (1, 2, 3)]
    return context.model(inputs, ops.concatenate(moments, axis=1))


def from_ones(context: NetworkContext) -> keras.Model:
    """A scale and an offset, which start from 1 and 0 in every run."""
    only(context, "discriminator")
    inputs = context.inputs()
    x = layers.LayerNormalization()(context.joined(inputs))
    return context.model(inputs, ops.sum(ops.tanh(x + 0.3) * ops.arange(1.0, x.shape[1] + 1), 1))


CLASS = {"label": Field((), "int64", classes=4)}
SEQUENCE, IMAGE = {"shape": (6, 2)}, {"shape": (8, 8, 1)}
D, G = ("discriminator",), ("generator",)
BOTH = (*G, *D)
RIGHT: dict[str, tuple[Build, dict[str, Any], tuple[str, ...]]] = {
    "dense": (dense_network, {}, ROLES),
    "spectral": (spectral, {}, ROLES),
    "keras_spectral": (keras_spectral, {}, ROLES),
    **{kind: (normalised(kind), {}, ROLES) for kind in ("batch", "layer", "group", "instance")},
    "deviation": (deviation, {}, ROLES),
    "discrimination": (discrimination, {}, ROLES),
    "packed": (packed, {}, D),
    "wrapping": (wrapping, {}, D),
    "recurrent": (recurrent, SEQUENCE, BOTH),
    "convolved": (convolved, SEQUENCE, D),
    "of_28": (of_one_shape, {"shape": (28, 28, 1)}, BOTH),
    "doubling": (doubling, {}, BOTH),
    "of_32": (doubling, {"shape": (32, 32, 3)}, BOTH),
    "attending": (attending, {}, ROLES),
    "rebuilding": (rebuilding, {}, D),
    "by_class": (by_class, {"given": CLASS}, G),
    "projected": (projected, {"given": CLASS}, D),
    "noisy": (noisy, {}, ROLES),
    "jittered": (jittered, {}, ROLES),
    "dropping": (dropping, {}, ROLES),
    "half_frozen": (half_frozen, {}, ROLES),
    "weightless": (weightless, {}, ("encoder",)),
    "from_ones": (from_ones, {}, D),
}
"""Each network, what it is to be tried with, and its roles."""
BUILDERS = {name: build for name, (build, _, _) in RIGHT.items()}


def __getattr__(name: str) -> Build:
    """The builders by their names in :data:`RIGHT`, as components' targets name them."""
    if name.startswith("build_"):
        return BUILDERS[name.removeprefix("build_")]
    raise AttributeError(name)
