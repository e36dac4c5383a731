"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from pydantic import Field

from advnets import Component, LatentParameters, hookimpl, list_recipes


class MixtureParameters(LatentParameters):
    """Validate the parameters of ``mixture``."""

    components: int = Field(10, ge=1, le=65536, description="K, the Gaussians, each as likely")
    spread: float = Field(
        1.0,
        ge=0,
        description="s: each mean is s √n from 0, in n ≥ 2 dimensions; in one they are on [−s, s]",
    )
    deviation: float = Field(0.5, gt=0, description="σ of each Gaussian, in every dimension")
    seed: int = Field(
        0, ge=0, lt=2**63, description="of the means' directions; independent of the run's seed"
    )


class TruncatedParameters(LatentParameters):
    """Validate the parameters of ``truncated``."""

    threshold: float = Field(
        2.0, gt=0, le=10, description="t, the largest |z|, in standard deviations of the Gaussian"
    )
    deviation: float = Field(1.0, gt=0, description="σ of the Gaussian before it is truncated")


@hookimpl
def advnets_priors() -> list[Component]:
    """Register the distributions of z."""
    example = {"parameters": {"size": 4}}
    return [
        Component(
            "mixture",
            "advnets_priors.mixture:Mixture",
            "(1/K) Σ N(μ_k, σ²), fixed μ_k of length s √n (after Gurumurthy et al. 2017)",
            MixtureParameters,
            example=example,
        ),
        Component(
            "truncated",
            "advnets_priors.truncated:Truncated",
            "N(0, σ²) given |z| ≤ t σ, in every dimension (Brock et al. 2019)",
            TruncatedParameters,
            example=example,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_priors")
