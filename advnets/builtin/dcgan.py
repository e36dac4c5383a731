"""Validate the parameters of DCGAN's players, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..plugins.components import Parameters


class DcganParameters(Parameters):
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
    synchronized: bool = Field(
        False,
        description="whether batch statistics are those of the global batch, rather than of "
        "each replica's part",
    )
    slope: float = Field(0.2, ge=0, description="of the discriminator's leaky ReLU, below zero")
    stddev: float = Field(0.02, gt=0, description="weights start from N(0, stddev²)")
    output: Literal["tanh", "sigmoid", "linear"] = Field(
        "tanh", description="activation of the generator's output; the discriminator's is linear"
    )
