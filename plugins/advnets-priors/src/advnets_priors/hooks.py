"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from advnets import Component, Parameters, hookimpl, list_recipes

LARGEST = 65536
"""The most numbers of a latent point."""
Count = Annotated[int, Field(ge=1, le=LARGEST)]


class LatentParameters(Parameters):
    """Validate how large a latent point is."""

    size: Count | None = Field(None, description="number of latent dimensions")
    shape: list[Count] | None = Field(
        None,
        min_length=1,
        max_length=4,
        description="of a latent point, in place of `size`: `[5, 8]` for noise at 5 steps",
    )

    @model_validator(mode="after")
    def _check_size(self) -> LatentParameters:
        if (self.size is None) == (self.shape is None):
            found = "neither is given" if self.size is None else "both are given"
            raise ValueError(f"a latent is of a `size` or of a `shape`, and {found}")
        if self.shape is not None and math.prod(self.shape) > LARGEST:
            raise ValueError(f"{self.shape} are more than {LARGEST} numbers")
        return self


class MixtureParameters(LatentParameters):
    """Validate the parameters of ``mixture``."""

    components: int = Field(10, ge=1, le=65536, description="K, the Gaussians, each as likely")
    spread: float = Field(
        1.0, ge=0, description="s: each mean is s √n from 0, so s² a dimension, in n dimensions"
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
