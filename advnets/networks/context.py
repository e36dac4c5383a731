"""Give an architecture what it needs to know of the game that it will play in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import keras
import numpy as np

from ..data import Field
from ..errors import DataError, UsageError
from .layers import Dense, Relu


def _no_marginals() -> np.ndarray:
    raise DataError(
        "the mean of the training data is needed, but no data set is attached",
        hint="pass marginals=... to NetworkContext",
    )


def _no_maker(kind: str, entry: Any, context: Any) -> Any:
    raise UsageError(
        f"{entry!r:.100} of the {kind} is named, and there is no recipe to look it up by",
        hint="by hand, give a Keras model, or a function that makes one of a context",
    )


@dataclass(frozen=True)
class NetworkContext:
    """Hold the shapes, the data's mean and the seed that a network is built from.

    Args:
        role: What is built: a ``"generator"`` gives examples, a ``"discriminator"`` logits,
            an ``"encoder"`` anything else.
        input_shape: Shape of one input: the latent's for a generator, the data's for a
            discriminator.
        output_shape: Shape of one output: the data's for a generator, ``()`` for a
            discriminator (one logit per example).
        marginals: Returns the mean of the preprocessed training data, an array of the
            data's shape. A function, since computing it reads the whole training set.
        seed: The run's seed; see :meth:`seed_for`.
        name: The network's own, by default its role: seeds and streams of random numbers
            depend on it, so that two generators start from, and drop, different numbers.
        given: What the network is told besides its input, by name.
        fields: All that comes with an example, by name: what heads may be asked for.
        input_name: What the input is called, by default ``"latent"`` for a generator and
            ``"example"`` for others.
        maker: Makes what :meth:`make` is asked for.

    >>> context = NetworkContext("discriminator", (28, 28, 1), (), seed=1)
    >>> context.seed_for("hidden_0") == context.seed_for("hidden_0")
    True
    >>> context.seed_for("hidden_0") == context.seed_for("hidden_1")
    False

    A conditional generator, of two numbers and a class:

    >>> context = NetworkContext(
    ...     "generator", (2,), (4, 4, 1), given={"label": Field((), "int64", classes=10)}
    ... )
    >>> inputs = context.inputs()
    >>> x = context.joined(inputs)
    >>> list(inputs), x.shape  # classes as one-hot
    (['latent', 'label'], (None, 12))
    >>> x = context.dense(3, "hidden_0", "relu")(x)
    >>> x = keras.layers.Reshape(context.output_shape)(context.dense(16, "output")(x))
    >>> context.model(inputs, x).count_params()  # 12·3 + 3 + 3·16 + 16
    103
    """

    role: Literal["generator", "discriminator", "encoder"]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...] = ()
    marginals: Callable[[], np.ndarray] = _no_marginals
    seed: int = 0
    name: str = ""
    given: Mapping[str, Field] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    input_name: str = ""
    maker: Callable[[str, Any, NetworkContext], keras.Model] = _no_maker

    def __post_init__(self) -> None:
        main = "latent" if self.role == "generator" else "example"
        object.__setattr__(self, "name", self.name or self.role)
        object.__setattr__(self, "input_name", self.input_name or main)

    def make(
        self,
        kind: str,
        entry: Any,
        *,
        name: str = "inner",
        input_shape: tuple[int, ...] | None = None,
        given: Mapping[str, Field] | None = None,
    ) -> keras.Model:
        """Make a network that a parameter names (:class:`advnets.Names`), to wrap it.

        It plays the same role; its name, and so its seeds, are its own.

        Args:
            kind: ``"architectures"``.
            entry: A name, or a mapping with ``name`` and parameters. By hand also a Keras model,
                which is returned as it is, or a function that makes one of a context.
            name: What it is called within this network: another one for each of several.
            input_shape: Shape of one of its inputs, if it is another than this network's.
            given: What it is told, if it is something else.

        Raises:
            PluginError: If there is no such architecture, or if it cannot be made.
            UsageError: If its parameters do not fit, or if it cannot play the role.

        >>> context = NetworkContext("discriminator", (3,))
        >>> def make_linear(context):
        ...     inputs = context.inputs()
        ...     return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))
        >>> inner = context.make("architectures", make_linear, input_shape=(6,))
        >>> inner.name, inner.input_shape
        ('discriminator_inner', (None, 6))
        """
        own = replace(
            self,
            name=f"{self.name}_{name}",
            input_shape=self.input_shape if input_shape is None else tuple(input_shape),
            given=self.given if given is None else given,
        )
        if isinstance(entry, str | Mapping):
            return self.maker(kind, entry, own)
        made = entry if isinstance(entry, keras.Model) or not callable(entry) else entry(own)
        if not isinstance(made, keras.Model):
            raise UsageError(
                f"the {self.name} is to wrap a {type(made).__name__}, which is no keras.Model",
                hint="give a Keras model, or a function that makes one of a context",
            )
        return made

    def seed_for(self, name: str) -> int:
        """Return a seed of its own, 0 … 2³¹−1, for everything called ``name`` in this network.

        Two layers never start from the same numbers, and a layer's numbers depend on
        nothing but the run's seed, the network's name and the layer's.
        """
        digest = hashlib.sha256(f"{self.seed}/{self.name}/{name}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Make a ``keras.Input`` for all that the network takes, by name; the main one first.

        Classes are int64 ``[N, *shape]``, everything else float32.
        """
        known = self.fields.get(self.input_name)
        classes = known.classes if known else None
        main = Field(self.input_shape, "int64" if classes else "float32", classes=classes)
        taken = {self.input_name: main, **self.given}
        return {
            name: keras.Input(
                one.shape,
                dtype="int64" if one.classes else "float32",
                name=name if len(taken) > 1 else "input",
            )
            for name, one in taken.items()
        }

    def joined(self, inputs: Mapping[str, keras.KerasTensor]) -> keras.KerasTensor:
        """Join ``inputs`` into one vector per example, ``[N, numbers]``, in their order.

        Classes come as one-hot vectors, everything else flattened.

        Args:
            inputs: By :meth:`inputs`, or made from these; ``[N, *shape]`` each.
        """
        parts = [
            flatten(x, f"{name}_flat" if index else "flatten")
            for index, (name, x) in enumerate(self.encoded(inputs).items())
        ]
        return keras.layers.Concatenate(name="joined")(parts) if len(parts) > 1 else parts[0]

    def encoded(self, inputs: Mapping[str, keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
        """Turn the classes among ``inputs`` into one-hot vectors, ``[N, *shape, classes]``."""
        known = {**self.fields, **self.given}
        return {
            name: keras.ops.one_hot(x, known[name].classes)
            if keras.backend.is_int_dtype(x.dtype)
            else x
            for name, x in inputs.items()
        }

    def dense(self, units: int, name: str, activation: str = "linear") -> keras.layers.Layer:
        """Make a fully connected layer whose weights start from the seed for its name.

        Args:
            units: Numbers that it returns, ``[N, units]``.
            name: The layer's, unique within the network.
            activation: As Keras calls it. A discriminator's ``relu`` and ``leaky_relu`` are
                :class:`advnets.networks.Relu`, made to be differentiated twice.
        """
        function: Any = activation
        if self.role == "discriminator" and activation in ("relu", "leaky_relu"):
            function = Relu(0.0 if activation == "relu" else 0.2)
        return Dense(
            units,
            activation=function,
            kernel_initializer=keras.initializers.GlorotUniform(self.seed_for(name)),
            name=name,
        )

    def model(
        self,
        inputs: Mapping[str, keras.KerasTensor],
        outputs: keras.KerasTensor | Mapping[str, keras.KerasTensor],
    ) -> keras.Model:
        """Return the network from ``inputs`` to ``outputs``.

        Args:
            inputs: By :meth:`inputs`. The network is called with a tensor if it takes one
                thing, else with a dictionary by name.
            outputs: A tensor, or several by name.

        Raises:
            UsageError: If a layer is called like one of several inputs.
        """
        taken = dict(inputs) if len(inputs) > 1 else next(iter(inputs.values()))
        try:
            return keras.Model(taken, outputs, name=self.name)
        except ValueError as error:
            for name in inputs:
                if f'The name "{name}" is used' in str(error):
                    raise UsageError(
                        f"the {self.name} is told {name!r}, which one of its layers is called",
                        hint="give the field another name",
                    ) from error
            raise


def flatten(x: keras.KerasTensor, name: str = "flatten") -> keras.KerasTensor:
    """Flatten each example into a vector: [N, *shape] → [N, prod(shape)]."""
    shape = x.shape[1:]
    return x if len(shape) == 1 else keras.layers.Reshape((math.prod(shape),), name=name)(x)
