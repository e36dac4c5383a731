"""Build the projection discriminator: classes are told to D by an inner product."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras
from keras.initializers import GlorotUniform

from advnets import validated_by
from advnets.errors import UsageError
from advnets.networks import Dense, NetworkContext, as_float32

from .hooks import ProjectionParameters


@validated_by(ProjectionParameters)
def projection(
    context: NetworkContext,
    *,
    network: str | Mapping[str, Any] | keras.Model | None = None,
    layers: Sequence[int] = (256, 256),
    fields: Sequence[str] | None = None,
) -> keras.Model:
    """Build a discriminator with the logit C(x, y) = ψ(φ(x)) + Σ_f ⟨V_f e(y_f), φ(x)⟩.

    φ(x) is the last hidden layer of any discriminator, its word ``features``, and ψ(φ(x)) its
    logit. y_f is a class that D is told, e its one-hot vector, and V_f a matrix of a column for
    each class, in the size of φ. The sum is over all classes that D is told. What it is told
    besides, numbers or an image, the inner discriminator is told.

    Args:
        context: Shapes, the seed, what D is told.
        network: The inner discriminator: an architecture whose word ``features`` is φ, as built-in
            ones have with ``features: true``. ``None``: fully connected layers.
        layers: Units of these, with leaky ReLUs, where no network is named.
        fields: The classes that are projected on, of those that D is told; ``None``: all.

    Returns:
        A model from the example and the classes, by name, to what the inner discriminator says
        by name, its ``logits`` changed: float32 ``[N]``.

    Raises:
        UsageError: If D is told no class, or if the inner discriminator says no features or not
            one logit for each example.

    Source: Miyato and Koyama 2018 (arXiv:1802.05637).

    >>> from advnets.data import Field
    >>> told = {"label": Field((), "int64", classes=3)}
    >>> context = NetworkContext("discriminator", (2,), given=told, fields=told)
    >>> model = projection(context, layers=[4])
    >>> model.count_params()  # (2 + 1) 4, (4 + 1) 1, and V of 3 · 4
    29
    >>> x, label = keras.ops.ones([5, 2]), keras.ops.zeros([5], "int64")
    >>> said = model({"example": x, "label": label})
    >>> {word: tuple(tensor.shape) for word, tensor in sorted(said.items())}
    {'features': (5, 4), 'logits': (5,)}
    """
    classes = _classes(context, fields)
    others = {name: one for name, one in context.given.items() if name not in classes}
    entry = partial(_layers, units=layers) if network is None else network
    inner = context.make("architectures", entry, given=others)
    inputs = context.inputs()
    taken = {name: x for name, x in inputs.items() if name not in classes}
    said = inner(taken if len(taken) > 1 else next(iter(taken.values())))
    _refuse_speechless(context, said)
    features = as_float32(_flat(said["features"], "features_flat"), "features_float32")
    logits = as_float32(_one_each(context, said["logits"]), "logits_float32")
    for name, one_hot in context.encoded({name: inputs[name] for name in classes}).items():
        embedded = Dense(
            features.shape[-1],
            use_bias=False,
            kernel_initializer=GlorotUniform(context.seed_for(f"projection_{name}")),
            dtype="float32",
            name=f"projection_{name}",
        )(_flat(one_hot, f"projection_{name}_flat"))
        logits = logits + keras.ops.sum(embedded * features, axis=-1)
    return context.model(inputs, {**said, "logits": logits})


def _layers(context: NetworkContext, units: Sequence[int]) -> keras.Model:
    """Build a fully connected discriminator that says its features as well."""
    inputs = context.inputs()
    x = context.joined(inputs)
    for index, each in enumerate(units):
        x = context.dense(each, f"hidden_{index}", "leaky_relu")(x)
    start = GlorotUniform(context.seed_for("output"))
    end = Dense(1, kernel_initializer=start, dtype="float32", name="output")
    return context.model(inputs, {"logits": end(x), "features": as_float32(x, "features")})


def _classes(context: NetworkContext, fields: Sequence[str] | None) -> list[str]:
    """Return the names of the classes that D is told and that are projected on."""
    told = [name for name, one in context.given.items() if one.classes]
    if not told:
        raise UsageError(
            f"the {context.name} is told no class, and projection is of what it sees on one",
            hint=f"given: {{{context.name}: [label]}}, with the name of a field that has classes",
        )
    if fields is None:
        return told
    unknown = [name for name in fields if name not in told]
    if unknown or not fields:
        raise UsageError(
            f"projection is to be on {', '.join(unknown) or 'no class'}, and the classes that the "
            f"{context.name} is told are {', '.join(told)}",
            hint=f"name some of these, or none for all; `given: {{{context.name}: …}}` tells it "
            "others",
        )
    return list(fields)


def _refuse_speechless(context: NetworkContext, said: Any) -> None:
    """Refuse an inner network that does not say what is needed."""
    words = list(said) if isinstance(said, Mapping) else ["logits"]
    lacking = [word for word in ("logits", "features") if word not in words]
    if lacking:
        raise UsageError(
            f"projection reads {' and '.join(lacking)} of the network within the {context.name}, "
            f"which says {', '.join(words)}",
            hint="network: {name: mlp, features: true}, or another that returns its last hidden "
            "layer as `features`",
        )


def _one_each(context: NetworkContext, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return one logit for each example, ``[N]``."""
    shape = tuple(logits.shape[1:])
    if shape == (1,):
        return keras.layers.Reshape((), name="logits_one")(logits)
    if shape:
        raise UsageError(
            f"the network within the {context.name} gives logits [N, {', '.join(map(str, shape))}]"
            ", and projection adds one number for each example",
            hint="choose one that gives a logit for each example",
        )
    return logits


def _flat(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Return one vector for each example, ``[N, numbers]``."""
    if len(x.shape) == 2:
        return x
    return keras.layers.Reshape((math.prod(x.shape[1:]),), name=name)(x)
