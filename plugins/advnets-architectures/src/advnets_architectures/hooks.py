"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from advnets import Component, Names, Parameters, hookimpl, list_recipes

ROLES = ("generator", "discriminator", "encoder")
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
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_architectures")
