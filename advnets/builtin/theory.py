"""Register what the paper of 2014 shows of a game: its figures, and its theory on the line."""

from __future__ import annotations

from pydantic import Field, field_validator

from ..plugins.components import Component, list_components
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters


class TheoryParameters(Parameters):
    """Validate the parameters of ``theory``."""

    bins: int = Field(2**14, ge=64, le=2**18, description="bins over the data's part of the line")
    cells: int = Field(2**16, ge=64, le=2**20, description="cells of the latent line; even")

    @field_validator("cells")
    @classmethod
    def _check_even(cls, cells: int) -> int:
        if cells % 2:
            raise ValueError(
                f"cells must be even, not {cells}: every second one is left out to see the error"
            )
        return cells


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register what is known of games whose densities are."""
    return list_components(
        "advnets.evaluate.metrics.{name}:{name}",
        theory=(
            "V(D, G), C(G), JSD and D against D*, by integrals; of games on the line "
            "(Goodfellow et al. 2014, theorem 1)",
            TheoryParameters,
        ),
    )


class LiveTheoryParameters(Parameters):
    """Validate the parameters of the observer ``theory``."""

    every: int = Field(100, ge=1, le=2**53, description="rounds between two computations")


@hookimpl
def advnets_callbacks() -> list[Component]:
    """Register the observers that draw the figures and follow the theory."""
    return list_components(
        "advnets.observe.{name}:{camel}",
        figures=(
            "figures 1 to 3 of Goodfellow et al. 2014, as far as a game has them, at its end",
        ),
        theory=(
            "V(D, G), C(G), JSD and D against D*, at every line of metrics.jsonl, and what "
            "figure 1 shows; of games on the line",
            LiveTheoryParameters,
        ),
    )
