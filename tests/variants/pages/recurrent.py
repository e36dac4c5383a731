"""RCGAN: recurrent players, told a label, D judging every step (Esteban et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from advnets import Component, DatasetParameters, Parameters, hookimpl

if TYPE_CHECKING:
    import keras

    from advnets.data import Source
    from advnets.networks import NetworkContext


class WavesParameters(DatasetParameters):
    examples: int = Field(320, ge=1, description="sequences per split")
    steps: int = Field(12, ge=2, description="T")


class GruParameters(Parameters):
    units: int = Field(16, ge=1, description="width of the recurrent layer")


@hookimpl
def advnets_datasets() -> list[Component]:
    summary = "(sin, cos) sequences of three frequencies, the label, with random phases"
    return [Component("waves", "recurrent:waves", summary, WavesParameters)]


@hookimpl
def advnets_architectures() -> list[Component]:
    return [
        Component(
            "gru",
            "recurrent:gru",
            "a GRU over time; G's latent has so many numbers for each step",
            GruParameters,
            roles=("generator", "discriminator"),
        )
    ]


def waves(examples: int, steps: int, preprocess: Any) -> Source:
    """Return the data."""
    import numpy as np

    from advnets.data import DataSpec, Examples, Field, Source

    class Waves(Source):
        name = "waves"
        spec = DataSpec(
            (steps, 2), "float32", -1, 1, fields={"label": Field((), "int64", classes=3)}
        )
        splits = ("train", "test")

        def read(self, split: str) -> Examples:
            random = np.random.default_rng(self.splits.index(split))
            label = np.arange(examples) % 3
            phase = random.uniform(0, 2 * np.pi, (examples, 1))
            angle = phase + (label[:, None] + 1) * np.arange(steps) * np.pi / steps
            points = np.stack([np.sin(angle), np.cos(angle)], axis=2)
            return Examples(points.astype("float32"), {"label": label})

    return Waves(preprocess)


def gru(context: NetworkContext, units: int) -> keras.Model:
    """Return either player: numbers for each step in, numbers for each step out."""
    import keras

    inputs = context.inputs()
    main, *told = context.encoded(inputs).values()
    steps = context.output_shape[0] if context.role == "generator" else context.input_shape[0]
    x = keras.layers.Reshape((steps, -1))(main)
    for field in told:
        each = keras.layers.RepeatVector(steps)(keras.layers.Flatten()(field))
        x = keras.layers.Concatenate()([x, each])
    layer = keras.layers.GRU(
        units,
        return_sequences=True,
        kernel_initializer=keras.initializers.GlorotUniform(context.seed_for("kernel")),
        recurrent_initializer=keras.initializers.Orthogonal(seed=context.seed_for("recurrent")),
        name="gru",
    )
    x = layer(x)
    if context.role == "generator":
        return context.model(inputs, context.dense(context.output_shape[1], "out", "tanh")(x))
    logits = keras.layers.Reshape((steps,))(context.dense(1, "out")(x))
    return context.model(inputs, {"logits": logits})
