"""Register the architectures that ship with advnets: their parameters, without TensorFlow."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..plugins.components import ROLES, Component, list_components
from ..plugins.heads import Heads
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters
from ..safe_io import is_there, open_file
from .layers import (
    Activation,
    BatchNorm,
    Convolution,
    HiddenLayer,
    Maps,
    MaxoutLayer,
    Output,
    Rate,
    Synchronized,
    Weights,
)

MOST_WEIGHTS = 4 * 2**30
"""Bytes of a file of weights: a billion numbers."""


class Pretrained(Parameters):
    """Name a file of weights that the last layers start from."""

    file: str = Field(min_length=1, description="an .npz file by `advnets export --format npz`")
    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="what the file's SHA-256 must be; filled in if left out, so that a run "
        "depends on the file's content",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in_digest(cls, value: Any) -> Any:
        # A run's identity is a hash of its recipe: the content has to be in there.
        if isinstance(value, str):
            value = {"file": value}
        if isinstance(value, dict) and value.get("sha256") is None:
            file = value.get("file")
            if isinstance(file, str) and is_there(file):
                return {**value, "sha256": _sha256(file)}
        return value


def _sha256(file: str) -> str:
    try:
        with open_file(file) as opened:
            if os.fstat(opened.fileno()).st_size > MOST_WEIGHTS:
                raise ValueError(f"{file} has more than {MOST_WEIGHTS:,} bytes")
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error


class Said(Heads):
    """Name what a discriminator says besides its logits."""

    features: bool = Field(
        False, description="whether a discriminator returns its last hidden layer as well"
    )
    logits: Literal["linear", "log_sum_exp"] = Field(
        "linear",
        description="a discriminator's: an output of its own, or log Σ exp of the one head of "
        "classes (K + 1 classes, semi-supervised)",
    )

    @model_validator(mode="after")
    def _check_classes(self) -> Said:
        if self.logits == "log_sum_exp" and not any(
            isinstance(s, str) for s in self.heads.values()
        ):
            raise ValueError(
                "logits: log_sum_exp needs a head of classes, such as heads: {class_logits: label}"
            )
        return self


class _Network(Weights):
    """Validate what all architectures have in common."""

    output: Output = Field(Output.model_validate({}), description="the last layer")


class _Dropped(_Network):
    """Add dropout at the input of a network's layers."""

    dropout: list[Rate] = Field(
        default_factory=list,
        description="probability of dropping an input of each layer in turn, the output layer's "
        "last; empty for none",
    )

    @model_validator(mode="after")
    def _check_rates(self) -> _Dropped:
        stages = [getattr(self, name, ()) for name in ("convolutions", "layers")]
        expected = sum(len(stage) for stage in stages) + 1
        if self.dropout and len(self.dropout) != expected:
            raise ValueError(
                f"dropout has {len(self.dropout)} rates; {expected} are needed: one for each "
                "layer's input in turn, the output layer's last"
            )
        return self


class _Hidden(Parameters):
    """Describe the hidden layers of an MLP."""

    layers: list[HiddenLayer] = Field(
        [],
        max_length=1000,
        description="hidden layers: a number of units, or {units, activation, irange, ...}",
    )
    activation: Activation = Field("relu", description="of hidden layers that name none")
    slope: float = Field(0.2, ge=0, description="of leaky_relu, below zero")
    bias: float = Field(0.0, description="initial bias of hidden layers that name none")
    batch_norm: BatchNorm = Field(
        "none", description="batch normalisation of hidden layers: before or after the activation"
    )
    synchronized: Synchronized = False


class MlpParameters(Said, _Hidden, _Dropped):
    """Validate the parameters of ``mlp``: flattens any input, shapes its output like the data."""

    pretrained: Pretrained | None = Field(
        None, description="weights that the last layers start from: {file, sha256}"
    )


class MaxoutParameters(Said, _Dropped):
    """Validate the parameters of ``maxout``: maxout layers, then a linear one."""

    layers: list[MaxoutLayer] = Field(
        max_length=1000, description="a number of units each, or {units, pieces, irange, ...}"
    )
    pieces: int = Field(5, ge=1, le=1000, description="linear pieces per unit")


class ConvMaxoutParameters(Said, _Dropped):
    """Validate those of ``conv_maxout``: such layers, fully connected ones, then a linear one.

    ``sparse`` and ``max_col_norm`` concern the fully connected ones.
    """

    convolutions: list[Convolution] = Field(
        min_length=1,
        max_length=100,
        description="convolutional maxout layers: {channels, pieces, kernel, padding, pool, ...}",
    )
    layers: list[MaxoutLayer] = Field(
        [], max_length=1000, description="fully connected: units, or {units, pieces, irange, ...}"
    )
    pieces: int = Field(5, ge=1, le=1000, description="pieces per fully connected unit")


class TransposedConvParameters(_Hidden, _Network):
    """Validate those of ``transposed_conv``: hidden layers, feature maps, one such convolution.

    ``sparse`` and ``max_col_norm`` concern the fully connected layers.
    """

    maps: Maps = Field(description="feature maps, of the size that the data's size asks for")
    kernel: int = Field(5, ge=1, le=1000, description="width and height of the filters")
    stride: int = Field(3, ge=1, le=1000, description="pixels between the maps' positions")

    @model_validator(mode="after")
    def _check_output(self) -> TransposedConvParameters:
        for name in ("sparse", "max_col_norm"):
            if getattr(self.output, name) is not None:
                raise ValueError(
                    f"output.{name} is for fully connected layers; the output layer here is a "
                    "transposed convolution"
                )
        return self


class DcganParameters(Said):
    """Validate the parameters of convolutions of stride 2 from an image to a small map, or back."""

    channels: Annotated[int, Field(ge=1, le=10_000)] = Field(
        64, description="of the layer next to the image; doubled at each stage towards the map"
    )
    stages: Annotated[int, Field(ge=1, le=10)] | None = Field(
        None,
        description="convolutions of stride 2; the image's sides must be multiples of 2^stages. "
        "By default as many as leave a map at least 4 wide and high",
    )
    kernel: int = Field(5, ge=1, le=1000, description="width and height of the filters")
    batch_norm: bool = Field(
        True,
        description="batch normalisation in all layers but the generator's last and the "
        "discriminator's first and last",
    )
    synchronized: Synchronized = False
    slope: float = Field(0.2, ge=0, description="of the discriminator's leaky ReLU, below zero")
    stddev: float = Field(0.02, gt=0, description="weights start from N(0, stddev²)")
    output: Literal["tanh", "sigmoid", "linear"] = Field(
        "tanh", description="activation of the generator's output; the discriminator's is linear"
    )


CONVOLUTION = {"channels": 3, "kernel": 3, "padding": 1, "pool": 2, "pool_stride": 2}
EXAMPLES: dict[str, dict[str, Any]] = {
    "maxout": {"layers": [6, 5], "pieces": 3},
    "conv_maxout": {"convolutions": [CONVOLUTION], "layers": [5]},
    "transposed_conv": {"layers": [6], "maps": {"channels": 4}},
    "dcgan": {"channels": 3, "kernel": 3},
}
"""What they are tried with by `advnets plugins check`: small networks, and what has no default."""


@hookimpl
def advnets_architectures() -> list[Component]:
    """Register the players of Goodfellow et al. 2014, dense and convolutional, and DCGAN's."""
    found = list_components(
        "advnets.networks.{name}:{name}",
        mlp=("fully connected layers, for either player", MlpParameters, ROLES),
        maxout=("maxout layers with dropout on each layer's input", MaxoutParameters, ROLES),
        conv_maxout=(
            "convolutional and fully connected maxout layers; for images",
            ConvMaxoutParameters,
            ("discriminator", "encoder"),
        ),
        transposed_conv=(
            "fully connected layers and a transposed convolution; for images",
            TransposedConvParameters,
            ("generator",),
        ),
        dcgan=(
            "strided convolutions with batch normalisation, for either player; for images "
            "(Radford et al. 2015)",
            DcganParameters,
            ROLES,
        ),
    )
    return [
        replace(
            one,
            example={"parameters": EXAMPLES.get(one.name, {})},
            axes=None if one.name in ("mlp", "maxout") else 3,
        )
        for one in found
    ]
