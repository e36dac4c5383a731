"""Waves as a data set of a kind of its own: it draws, writes and reads them.

Each example is a wave of 32 steps and two channels: a sine of a random frequency and phase, and
its cosine. With a generator and a discriminator of convolutions over the steps.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field as Parameter

import advnets
from advnets.data import DataSpec, DataUnavailable, Examples, Field, Source
from advnets.networks import NetworkContext

STEPS, CHANNELS, SLOWEST, FASTEST = 32, 2, 1.0, 3.0


def waves(frequency: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Sines and cosines ``[n, STEPS, 2]`` of so many turns in all their steps."""
    angle = 2 * np.pi * (frequency[:, None] * np.arange(STEPS) / STEPS + phase[:, None])
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).astype("float32")


class Tunes(Source):
    """Waves of frequencies from 1 to 3 and any phase; a tune is told by its ``outline``.

    Args:
        examples: Of the training split; a quarter as many are tested on.
        place: A file that must be there for the data to be.
        preprocess: See ``advnets.DatasetParameters``.
    """

    name = "tunes"
    splits = ("train", "test")
    endings = (".csv",)

    def __init__(self, examples: int, place: str, preprocess: Any = "auto"):
        super().__init__(preprocess)
        self.examples, self.place = examples, place

    @property
    def spec(self) -> DataSpec:
        self.available()
        fields = {"outline": Field((2,), "float32")}
        return DataSpec((STEPS, CHANNELS), "float32", -1, 1, "tune", fields)

    def available(self) -> None:
        if self.place and not Path(self.place).exists():
            raise DataUnavailable(f"there is no {self.place}", hint="bring it back")

    def read(self, split: str) -> Examples:
        self.available()
        count = self.examples if split == "train" else self.examples // 4
        draw = np.random.default_rng(self.splits.index(split))
        frequency = draw.uniform(SLOWEST, FASTEST, count)
        x = np.clip(waves(frequency, draw.uniform(0, 1, count)), -1, 1)
        return Examples(x, {"outline": x[:, 0]})

    def picture(self, x: np.ndarray, spec: DataSpec) -> np.ndarray:
        """A picture of each: pitch upwards, time to the right, a colour a channel."""
        n, steps, channels = x.shape
        height = 24
        pixels = np.full((n, height, 2 * steps, 3), 255, np.uint8)
        place = np.clip((1 - np.nan_to_num(x)) / 2, 0, 1) * (height - 2)
        for channel in range(channels):
            rows = np.rint(place[..., channel]).astype(int)
            example, step = np.indices(rows.shape)
            for down in (0, 1):
                for right in (0, 1):
                    pixels[example, rows + down, 2 * step + right] = 0
                    pixels[example, rows + down, 2 * step + right, 2 * channel] = 200
        return pixels

    def write(self, samples: np.ndarray, path: Path, spec: DataSpec) -> None:
        """A line a step: the tune's number, the step, its channels."""
        with open(path, "w", encoding="ascii") as file:
            file.write("tune,step,sine,cosine\n")
            for number, tune in enumerate(samples):
                for step, (sine, cosine) in enumerate(tune):
                    file.write(f"{number},{step},{sine:.6f},{cosine:.6f}\n")

    def read_given(self, name: str, text: str, field: Field) -> np.ndarray | None:
        """The outline of each tune in a file as `write` writes it; of all in a folder."""
        path = Path(text)
        if name != "outline" or not path.exists():
            return None
        files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        return np.concatenate([read_tunes(file)[:, 0] for file in files])


def read_tunes(path: Path) -> np.ndarray:
    """The tunes of a file that was written: ``[n, STEPS, 2]``."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, 2:].reshape(-1, STEPS, CHANNELS).astype("float32")


def composer(context: NetworkContext, filters: int) -> Any:
    """A generator of convolutions: from 8 steps to 32."""
    import keras

    inputs = context.inputs()
    start = STEPS // 4
    x = context.dense(start * filters, "start", "relu")(context.joined(inputs))
    x = keras.layers.Reshape((start, filters))(x)
    for name in ("first", "second"):
        x = keras.layers.UpSampling1D(2)(x)
        x = keras.layers.Conv1D(
            filters, 5, padding="same", activation="relu", name=name,
            kernel_initializer=keras.initializers.HeNormal(context.seed_for(name)),
        )(x)  # fmt: skip
    x = keras.layers.Conv1D(
        context.output_shape[-1], 5, padding="same", activation="tanh", name="last",
        kernel_initializer=keras.initializers.GlorotUniform(context.seed_for("last")),
    )(x)  # fmt: skip
    return context.model(inputs, x)


def listener(context: NetworkContext, filters: int) -> Any:
    """A discriminator of convolutions: from 32 steps to 8, and what it is told besides."""
    import keras

    inputs = context.inputs()
    x = inputs["example"]
    for name in ("first", "second"):
        x = keras.layers.Conv1D(
            filters, 5, strides=2, padding="same", activation="leaky_relu", name=name,
            kernel_initializer=keras.initializers.HeNormal(context.seed_for(name)),
        )(x)  # fmt: skip
    x = keras.layers.Flatten()(x)
    told = [value for name, value in inputs.items() if name != "example"]
    x = keras.layers.Concatenate()([x, *told]) if told else x
    return context.model(inputs, context.dense(math.prod(context.output_shape), "logit")(x))


class TunesParameters(advnets.DatasetParameters):
    """Validate the parameters of ``tunes``."""

    examples: int = Parameter(2000, ge=8, description="of the training split")
    place: Annotated[str, advnets.Place()] = Parameter("", description="a file that must be there")


class ComposerParameters(advnets.Parameters):
    """Validate the parameters of ``composer``."""

    filters: int = Parameter(32, ge=1, description="of each convolution")


class ListenerParameters(advnets.Parameters):
    """Validate the parameters of ``listener``."""

    filters: int = Parameter(32, ge=1, description="of each convolution")


@advnets.hookimpl
def advnets_datasets() -> list[advnets.Component]:
    return [advnets.Component("tunes", f"{__name__}:Tunes", "waves", TunesParameters)]


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    return [
        advnets.Component(
            "composer", f"{__name__}:composer", "", ComposerParameters, roles=("generator",)
        ),
        advnets.Component(
            "listener", f"{__name__}:listener", "", ListenerParameters, roles=("discriminator",)
        ),
    ]
