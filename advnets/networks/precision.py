"""Set the precision that networks compute in: a policy for all layers, and back to float32."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from ..plugins.origins import origin_of, remember_origin

HALF = ("float16", "bfloat16")

_in_float32: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "advnets_in_float32", default=False
)


@contextlib.contextmanager
def under_policy(policy: str) -> Iterator[None]:
    """Let the layers that are made inside compute as a Keras policy says.

    Args:
        policy: ``float32``; or ``mixed_bfloat16``, ``mixed_float16``: variables stay
            float32 and are cast where they are used.

    >>> with under_policy("mixed_bfloat16"):
    ...     layer = keras.layers.Dense(1)
    >>> layer.compute_dtype, layer.variable_dtype, keras.config.dtype_policy().name
    ('bfloat16', 'float32', 'float32')
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def computes_in(network: keras.Model, *dtypes: str) -> bool:
    """Tell whether any layer of ``network`` computes in one of ``dtypes``.

    >>> x = keras.Input((3,))
    >>> half = keras.Model(x, keras.layers.Dense(2, dtype="mixed_float16")(x))
    >>> computes_in(half, "float16"), computes_in(half, "bfloat16")
    (True, False)
    """
    return any(layer.compute_dtype in dtypes for layer in network._flatten_layers())


def as_float32(x: keras.KerasTensor, name: str = "float32") -> keras.KerasTensor:
    """Return ``x`` in float32: by a layer that casts, after those of half precision."""
    if x.dtype == "float32":
        return x
    return keras.layers.Activation("linear", dtype="float32", name=name)(x)


def cast_output(network: keras.Model) -> keras.Model:
    """Return ``network``, with a cast after each output, one or by name, in half precision.

    >>> x = keras.Input((3,))
    >>> half = keras.Model(x, keras.layers.Dense(2, dtype="mixed_float16")(x))
    >>> half.output.dtype, cast_output(half).output.dtype
    ('float16', 'float32')
    """
    output = getattr(network, "output", None)  # Only models of layers have one.
    named = output if isinstance(output, Mapping) else {"": output}
    half = {
        name: as_float32(x, f"{name}_float32" if name else "float32")
        for name, x in named.items()
        if isinstance(x, keras.KerasTensor) and x.dtype in HALF
    }
    if not half:
        return network
    cast = {**named, **half}
    made = keras.Model(network.input, cast.get("", cast), name=network.name)
    remember_origin(made, origin_of(network))
    return made


@keras.saving.register_keras_serializable(package="advnets")
class Switchable(keras.DTypePolicy):
    """Keep to a policy of half precision, but to float32 inside :func:`in_float32`."""

    @property
    def compute_dtype(self) -> str:
        """``float32`` inside :func:`in_float32`, else the policy's own."""
        return "float32" if _in_float32.get() else self._compute_dtype


def is_switchable(network: Any) -> bool:
    """Tell whether :func:`in_float32` makes a difference to a network, or to any callable."""
    layers = network._flatten_layers() if isinstance(network, keras.Layer) else ()
    return any(isinstance(one.dtype_policy, Switchable) for one in layers)


def make_switchable(network: keras.Model) -> None:
    """Let the half-precision layers of ``network`` compute in float32 inside :func:`in_float32`.

    Variables, names and what the network computes elsewhere stay as they are.

    >>> x = keras.Input((3,))
    >>> half = keras.Model(x, keras.layers.Dense(2, dtype="mixed_float16")(x))
    >>> make_switchable(half)
    >>> with in_float32():
    ...     precise = half(keras.ops.ones([1, 3]))
    >>> precise.dtype.name, half(keras.ops.ones([1, 3])).dtype.name
    ('float32', 'float16')
    """
    for layer in network._flatten_layers():
        policy = layer.dtype_policy
        # Maps of policies and quantised ones stay: their layers are not for training.
        plain = type(policy) in (keras.DTypePolicy, keras.FloatDTypePolicy)
        if plain and policy.compute_dtype in HALF:
            layer.dtype_policy = Switchable(policy.name)


@contextlib.contextmanager
def in_float32() -> Iterator[None]:
    """Let switchable networks compute in float32 what this thread calls inside.

    Layers choose their dtype again at each call, so no copy of the network is needed. The
    choice is the thread's own: under ``tf.distribute`` the replicas' threads take turns.
    """
    token = _in_float32.set(True)
    try:
        yield
    finally:
        _in_float32.reset(token)
