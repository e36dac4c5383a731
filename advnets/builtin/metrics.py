"""Register the metrics that ship with advnets."""

from __future__ import annotations

from pydantic import Field, model_validator

from ..plugins.components import Component, Parameters
from ..plugins.hookspecs import hookimpl


class ParzenParameters(Parameters):
    """Validate the parameters of ``parzen``; the defaults are those of the paper's Table 1."""

    samples: int = Field(10_000, ge=1, le=1_000_000, description="samples drawn from G")
    sigmas: int = Field(10, ge=1, le=1_000, description="bandwidths tried")
    low: float = Field(-1.0, ge=-6, le=6, description="log10 of the smallest bandwidth")
    high: float = Field(0.0, ge=-6, le=6, description="log10 of the largest bandwidth")
    validation: int | None = Field(
        1_000, ge=1, description="examples the bandwidth is chosen on; null for the whole split"
    )

    @model_validator(mode="after")
    def _check_order(self) -> ParzenParameters:
        if self.low > self.high:
            raise ValueError(f"low ({self.low:g}) must not exceed high ({self.high:g})")
        return self


@hookimpl
def advnets_metrics() -> list[Component]:
    return [
        Component(
            "parzen",
            "advnets.evaluate.metrics.parzen:parzen",
            "Parzen-window log-likelihood of the test set, in nats (Goodfellow et al. 2014)",
            ParzenParameters,
        )
    ]
