"""Divide the kernels of any layer, or network, by their largest singular values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from advnets import validated_by

from .hooks import SpectralParameters

KERNELS = ("kernel", "embeddings")
"""What the names of weights end in that inputs are multiplied by as a matrix."""
OTHERS = ("bias", "gain", "shift", "gamma", "beta", "alpha", "scale")
"""What weights of two and more dimensions may be called that are none."""
TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)


@dataclass(frozen=True)
class Kernel:
    """Hold a kernel, and which of its axes lead to outputs.

    >>> dense = keras.layers.Dense(2, name="last")
    >>> dense.build((None, 3))
    >>> [(each.name, each.columns) for each in find_kernels(dense)]
    [('last/kernel', (1,))]
    """

    name: str
    variable: keras.Variable
    columns: tuple[int, ...]

    @property
    def outputs(self) -> int:
        """How many columns it has as a matrix."""
        return math.prod(self.variable.shape[axis] for axis in self.columns)

    def as_matrix(self, value: tf.Tensor) -> tf.Tensor:
        """Return a value of it as a matrix ``[inputs, outputs]``, float32."""
        rows = [axis for axis in range(len(value.shape)) if axis not in self.columns]
        ordered = tf.transpose(tf.cast(value, tf.float32), [*rows, *self.columns])
        return tf.reshape(ordered, [-1, self.outputs])


def find_kernels(layer: keras.layers.Layer) -> list[Kernel]:
    """Find the kernels of a layer, or of a network, each of them once.

    Raises:
        ValueError: If there is none, or a weight that its name does not tell to be one or not.
    """
    owners = {id(v): each for each in layer._flatten_layers() for v in each.weights}
    found: dict[int, Kernel] = {}
    for variable in layer.weights:
        owner = owners[id(variable)]  # the innermost layer: those within it come after it
        name = f"{owner.name}/{variable.name}"
        if variable.name.endswith(KERNELS):
            columns = _columns(owner, variable)
            found.setdefault(id(variable), Kernel(name, variable, columns))
        elif variable.trainable and len(variable.shape) > 1 and not variable.name.endswith(OTHERS):
            raise ValueError(
                f"the layer {owner.name!r} has a weight {variable.name!r} of shape "
                f"{tuple(variable.shape)}, of which its name does not tell whether it is a kernel"
            )
    if not found:
        raise ValueError("it has no kernel that a spectral norm is of")
    return list(found.values())


def _columns(owner: keras.layers.Layer, kernel: keras.Variable) -> tuple[int, ...]:
    """Return the axes of a kernel that lead to outputs: the last one, for most."""
    last = len(kernel.shape) - 1
    if isinstance(owner, TRANSPOSED):
        return (last - 1,)
    if isinstance(owner, DEPTHWISE) or kernel.name.startswith("depthwise"):
        return (last - 1, last)  # each input has outputs of its own
    if isinstance(owner, keras.layers.EinsumDense):
        letters, outputs = owner.equation.split(",")[1].split("->")
        return tuple(axis for axis, letter in enumerate(letters) if letter in outputs)
    return (last,)


@keras.saving.register_keras_serializable(package="advnets_architectures")
class SpectralNorm(keras.layers.Wrapper):
    """Call a layer, or a network, with every kernel W in it as W/σ(W).

        σ(W) = max_h ‖W h‖/‖h‖ ≈ vᵀ W u,  v = W u/‖W u‖,  u ← Wᵀ v/‖Wᵀ v‖

    A kernel is a weight whose name ends in ``kernel`` or ``embeddings``, in whatever layer inside.
    W is that as a matrix from inputs to outputs: of a convolution ``[height · width · inputs,
    outputs]``, of a transposed one too, which Keras keeps the other way round; of a depthwise one
    ``[height · width, outputs]``. The gradient flows through σ, and not through u and v. u,
    ``[1, outputs]``, moves with every call in training, is saved with the layer, and is equal on
    all replicas, since weights are. W, u and σ are float32, whatever the layer computes in.

    Args:
        layer: A layer, or a built network.
        iterations: Of the power method, in each call in training.
        seed: Of the first u.
        **options: Keras's own: ``name``.

    Raises:
        ValueError: When it is built, if the layer has no kernel, or a weight of two and more
            dimensions of which its name does not tell whether it is one.

    Source: Miyato et al. 2018 (arXiv:1802.05957), section 2.1 and algorithm 1.

    >>> dense = keras.layers.Dense(2, use_bias=False)
    >>> layer = SpectralNorm(dense, iterations=20)
    >>> layer.build((None, 2))
    >>> dense.set_weights([keras.ops.array([[3.0, 0.0], [0.0, 4.0]])])
    >>> layer(tf.constant([[1.0, 2.0]]), training=True).numpy()  # [3, 8]/4
    array([[0.75, 2.  ]], dtype=float32)
    """

    @validated_by(SpectralParameters)
    def __init__(
        self, layer: keras.layers.Layer, iterations: int = 1, seed: int = 0, **options: Any
    ):
        # In float32 and without casts, so that it sees the kernels as they are; the layer inside
        # casts what it is called with itself.
        super().__init__(layer, **{**options, "dtype": "float32"}, autocast=False)
        self.iterations, self.seed = iterations, seed

    def build(self, input_shape: Any = None) -> None:
        """Build the layer, and u of each kernel."""
        super().build(input_shape)
        self.u = [
            self.add_weight(
                name=f"u_{index}",
                shape=(1, kernel.outputs),
                initializer=keras.initializers.RandomNormal(seed=self.seed + index),
                trainable=False,
                aggregation="only_first_replica",
            )
            for index, kernel in enumerate(find_kernels(self.layer))
        ]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return what the layer makes of its inputs with W/σ(W); in training, u moves."""
        values = {id(v): (v, tf.convert_to_tensor(v)) for v in self.layer.variables}
        for kernel, u in zip(find_kernels(self.layer), self.u, strict=True):
            variable, value = values[id(kernel.variable)]
            sigma, moved = estimate_norm(
                kernel.as_matrix(value), tf.convert_to_tensor(u), self.iterations if training else 0
            )
            values[id(variable)] = (variable, value / tf.cast(sigma, value.dtype))
            if training:
                u.assign(moved)
        given = [(variable, value) for variable, value in values.values()]
        with keras.StatelessScope(state_mapping=given) as scope:
            said = self.layer(inputs)  # in training if this layer is: Keras hands it on
        for variable, value in given:
            after = scope.get_current_value(variable)
            if not variable.trainable and after is not value:
                variable.assign(after)  # an average, say, that moved in there
        return said

    def spectral_norms(self) -> dict[str, float]:
        """Return σ of each kernel, by the layer's name and its own, as u has it now."""
        found = {}
        for kernel, u in zip(find_kernels(self.layer), self.u, strict=True):
            value = kernel.as_matrix(tf.convert_to_tensor(kernel.variable))
            found[kernel.name] = float(estimate_norm(value, tf.convert_to_tensor(u), 0)[0])
        return found

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Return what the layer returns, symbolically."""
        return self.layer.compute_output_spec(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "iterations": self.iterations, "seed": self.seed}


def estimate_norm(matrix: tf.Tensor, u: tf.Tensor, iterations: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Estimate the largest singular value of a matrix by the power method.

    Args:
        matrix: W, float32 ``[inputs, outputs]``.
        u: Where it begins, ``[1, outputs]``, of any length but 0.
        iterations: How often u moves.

    Returns:
        σ = vᵀ W u, a scalar that is differentiable in W, and u, of length 1.

    >>> sigma, u = estimate_norm(tf.constant([[3.0, 0.0], [0.0, 4.0]]), tf.ones([1, 2]), 20)
    >>> round(float(sigma), 5), u.numpy().round(2).tolist()
    (4.0, [[0.0, 1.0]])
    """
    fixed = tf.stop_gradient(matrix)
    u = _unit(u)  # an average of several, as the averaged generator has it, is shorter
    v = _unit(tf.matmul(u, fixed, transpose_b=True))
    for _ in range(iterations):
        u = _unit(tf.matmul(v, fixed))
        v = _unit(tf.matmul(u, fixed, transpose_b=True))
    return tf.reduce_sum(tf.matmul(v, matrix) * u), u


def _unit(x: tf.Tensor) -> tf.Tensor:
    return x / tf.maximum(tf.norm(x), 1e-12)
