"""Spectral normalisation of any network: every kernel W is used as W/σ(W).

    σ(W) = max_h ‖W h‖/‖h‖ ≈ vᵀ W u,  u ← Wᵀ v/‖Wᵀ v‖,  v = W u/‖W u‖

A kernel of a convolution is the matrix [height · width · inputs, outputs]. The vector u moves with
every call in training, and is saved with the network.

Source: Miyato et al. 2018 (arXiv:1802.05957), algorithm 1.
"""

import functools
from typing import Annotated, Any

from pydantic import Field

from advnets import Component, Names, Parameters, UsageError, hookimpl


class SpectralParameters(Parameters):
    """Say which network it is, and how exactly its norms are found."""

    network: Annotated[str | dict[str, Any], Names("architectures")] = Field(
        "mlp", description="the network whose kernels are normalised"
    )
    iterations: int = Field(1, ge=1, le=100, description="of the power method, in each call")


@hookimpl
def advnets_architectures():
    """Register the wrapper."""
    return [
        Component(
            "my_spectral",
            "spectral:spectral",
            "any network, each kernel divided by its largest singular value",
            SpectralParameters,
            ("generator", "discriminator", "encoder"),
        )
    ]


def spectral(context, network="mlp", iterations=1):
    """Return the network with every layer that has a kernel in a wrapper."""
    import keras

    inner, wrapped = context.make("architectures", network), []

    def wrap(layer):
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=wrap)
        if getattr(layer, "kernel", None) is None:
            return layer
        wrapped.append(layer.name)
        seed = context.seed_for(f"{layer.name}/u")
        return layer_of_keras()(layer, iterations, seed, name=f"{layer.name}_spectral")

    inputs = context.inputs()
    cloned = keras.models.clone_model(inner, clone_function=wrap)
    if not wrapped:
        raise UsageError(
            f"the {context.name} has no kernel that a spectral norm is of",
            hint="wrap a network with dense or convolutional layers",
        )
    return context.model(inputs, cloned(inputs if len(inputs) > 1 else next(iter(inputs.values()))))


@functools.cache
def layer_of_keras():
    """Return the layer, which is defined where Keras is needed: commands import this file too."""
    import keras
    from keras import ops

    def unit(x):
        return x / ops.maximum(ops.norm(x), 1e-12)

    @keras.saving.register_keras_serializable(package="spectral")
    class Spectral(keras.layers.Wrapper):
        """Call a layer with its kernel W as W/σ(W).

        Args:
            layer: It, built or not.
            iterations: Of the power method, in each call in training.
            seed: Of the first u.
        """

        def __init__(self, layer, iterations=1, seed=0, **options):
            super().__init__(layer, **options)
            self.iterations, self.seed = iterations, seed

        def build(self, input_shape=None):
            """Build the layer, and u ``[1, outputs]``, equal on all replicas, as weights are."""
            super().build(input_shape)
            self.u = self.add_weight(
                shape=(1, self.layer.kernel.shape[-1]),
                initializer=keras.initializers.RandomNormal(seed=self.seed),
                trainable=False,
                aggregation="only_first_replica",
                name="u",
            )

        def call(self, inputs, training=None):
            """Return what the layer makes of its inputs with W/σ(W); in training, u moves."""
            kernel = self.layer.kernel
            matrix = ops.cast(kernel, "float32")
            flat = ops.reshape(matrix, (-1, kernel.shape[-1]))
            fixed = ops.stop_gradient(flat)
            u = ops.cast(ops.convert_to_tensor(self.u), "float32")
            for _ in range(self.iterations if training else 0):
                u = unit(unit(u @ ops.transpose(fixed)) @ fixed)
            v = unit(u @ ops.transpose(fixed))
            if training:
                self.u.assign(ops.cast(u, self.u.dtype))
            sigma = ops.sum((v @ flat) * u)
            with keras.StatelessScope(state_mapping=[(kernel, matrix / sigma)]):
                return self.layer(inputs)

        def compute_output_shape(self, input_shape):
            """Return that of the layer."""
            return self.layer.compute_output_shape(input_shape)

        def get_config(self):
            """Return the arguments, for serialisation."""
            return {**super().get_config(), "iterations": self.iterations, "seed": self.seed}

    return Spectral
