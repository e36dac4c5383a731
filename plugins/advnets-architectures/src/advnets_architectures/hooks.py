"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from advnets import Component, Heads, Names, Parameters, hookimpl, list_recipes

ROLES = ("generator", "discriminator", "encoder")
Units = Annotated[int, Field(ge=1, le=10_000)]
Network = Annotated[str | dict[str, Any], Names("architectures")]


class SpectralParameters(Parameters):
    """Say which network it is, and how exactly its norms are found."""

    network: Network = Field("mlp", description="the network whose kernels are normalised")
    iterations: int = Field(
        1, ge=1, le=100, description="of the power method, in each call in training"
    )


class PacParameters(Parameters):
    """Say which network judges packs, and of how many examples."""

    network: Network = Field("mlp", description="the network that judges packs")
    m: int = Field(2, ge=1, le=64, description="examples in a pack")


class ConvolutionalParameters(Heads):
    """Validate what the residual networks have in common."""

    channels: Units | Annotated[list[Units], Field(min_length=1, max_length=10)] = Field(
        64,
        description="of the maps at each stage, from the image to the smallest map; one number "
        "for all",
    )
    stages: Annotated[int, Field(ge=1, le=10)] | None = Field(
        None,
        description="how often sides are doubled or halved, multiples of 2^stages as they must be. "
        "By default as often as leaves a map at least 4 wide and high",
    )
    output: Literal["tanh", "sigmoid", "linear"] = Field(
        "tanh", description="activation of the generator's output; the discriminator's is linear"
    )
    features: bool = Field(
        False, description="whether a discriminator returns what its last layer sees as well"
    )


class ResnetParameters(ConvolutionalParameters):
    """Validate the parameters of ``resnet``."""

    plain: int = Field(
        1, ge=0, le=100, description="a discriminator's blocks that keep the size, after the others"
    )
    norm: Literal["batch", "layer", "instance", "group", "pixel", "none"] | None = Field(
        None,
        description="before each ReLU: over the batch, an example's map, a channel of it, a group "
        "of its channels, a pixel's channels. By default batch in a generator, else none",
    )
    groups: Units = Field(8, description="groups of channels, with norm: group")
    synchronized: bool = Field(
        False,
        description="whether batch statistics are those of the global batch, rather than of "
        "each replica's part",
    )
    conditional: bool = Field(
        True,
        description="whether a generator that is told classes, and has norm: batch, has a gain "
        "and a shift of each class; if not, they are joined to the latent",
    )
    attention: Units | None = Field(
        None, description="height of the maps after which there is self-attention"
    )
    minibatch_stddev: bool = Field(
        False, description="whether a discriminator's last map says how much examples differ"
    )
    stddev_group: int = Field(4, ge=2, le=1000, description="consecutive examples that it compares")


class R3ganParameters(ConvolutionalParameters):
    """Validate the parameters of ``r3gan``."""

    channels: Units | Annotated[list[Units], Field(min_length=1, max_length=11)] = Field(
        64,
        description="of the maps of each size, from the image's to the smallest, one more than "
        "stages; one number for all",
    )
    blocks: int = Field(1, ge=0, le=100, description="at each size")
    expansion: int = Field(
        2, ge=1, le=100, description="how many times the channels there are within a block"
    )
    groups: Units = Field(4, description="of the convolutions within blocks")
    output: Literal["tanh", "sigmoid", "linear"] = Field(
        "linear", description="activation of the generator's output; the discriminator's is linear"
    )


@hookimpl
def advnets_architectures() -> list[Component]:
    """Register the wrappers and the networks."""
    return [
        Component(
            "spectral",
            "advnets_architectures.spectral:spectral",
            "any network, each kernel as W/σ(W), σ its largest singular value (Miyato et al. 2018)",
            SpectralParameters,
            ROLES,
            example={"parameters": {"network": {"name": "mlp", "layers": [6]}}},
        ),
        Component(
            "pac",
            "advnets_architectures.pac:pac",
            "any discriminator as D(x_1, …, x_m), of m examples at once (Lin et al. 2018)",
            PacParameters,
            ("discriminator",),
            example={"parameters": {"network": {"name": "mlp", "layers": [6]}}},
        ),
        Component(
            "resnet",
            "advnets_architectures.resnet:resnet",
            "residual blocks x + f(x), for either player; for images (Miyato et al. 2018)",
            ResnetParameters,
            ROLES,
            example={
                "parameters": {"channels": 8, "attention": 4, "minibatch_stddev": True},
                "shape": (8, 8, 1),
            },
            axes=3,
        ),
        Component(
            "r3gan",
            "advnets_architectures.r3gan:r3gan",
            "residual blocks of grouped convolutions, no normalisation; for images "
            "(Huang et al. 2024)",
            R3ganParameters,
            ROLES,
            example={"parameters": {"channels": 4, "groups": 2}, "shape": (8, 8, 1)},
            axes=3,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_architectures")
