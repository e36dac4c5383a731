"""Describe how large a latent point is, for the schemas of priors. TensorFlow-free."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from .parameters import Parameters

LARGEST_LATENT = 65536


class LatentParameters(Parameters):
    """Validate how large a latent point is: a base class of the parameters of priors.

    >>> class MyParameters(LatentParameters):
    ...     deviation: float = 1.0
    >>> MyParameters(size=8).size
    8
    """

    size: int | None = Field(
        None, ge=1, le=LARGEST_LATENT, description="number of latent dimensions"
    )
    shape: list[Annotated[int, Field(ge=1, le=LARGEST_LATENT)]] | None = Field(
        None,
        min_length=1,
        max_length=4,
        description="of a latent point, in place of `size`: `[5, 8]` for noise at 5 steps",
    )

    @model_validator(mode="after")
    def _check_shape(self) -> LatentParameters:
        if (self.size is None) == (self.shape is None):
            found = "neither is given" if self.size is None else "both are given"
            raise ValueError(f"a latent is of a `size` or of a `shape`, and {found}")
        if self.shape is not None and math.prod(self.shape) > LARGEST_LATENT:
            raise ValueError(f"{self.shape} are more than {LARGEST_LATENT} numbers")
        return self
