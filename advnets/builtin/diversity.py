"""Register the metrics of variety that ship with advnets: modes, duplicates, memorisation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..plugins.components import Component, Parameters
from ..plugins.hookspecs import hookimpl
from .features import Features

MOST = 1_000_000


class ModesParameters(Parameters):
    """Validate the parameters of ``modes``."""

    samples: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="drawn from G; by default 2,500 where the data know their modes, else 26,000",
    )
    sigmas: float = Field(
        3.0, gt=0, description="standard deviations within which a sample is of high quality"
    )
    features: Features = Field(
        "classifier", description="whose classes are the modes, where the data do not know them"
    )


class DuplicatesParameters(Parameters):
    """Validate the parameters of ``duplicates``."""

    features: Features = Field(
        None, description="what distances are measured in; pixels for vectors, else to be named"
    )
    samples: int = Field(2_000, ge=3, le=MOST, description="drawn from G, and as many real ones")
    split: Literal["train", "validation", "test"] = Field(
        "train", description="of the real examples"
    )
    quantile: float = Field(
        0.01, ge=0, le=1, description="the share of real examples that would count as duplicates"
    )


class MemorisationParameters(Parameters):
    """Validate the parameters of ``memorisation``."""

    features: Features = Field(
        None, description="what distances are measured in; pixels for vectors, else to be named"
    )
    samples: int = Field(2_000, ge=2, le=MOST, description="drawn from G")
    held_out: Literal["validation", "test"] = Field(
        "test", description="the split that was not trained on"
    )
    examples: int | None = Field(
        None, ge=1, description="on either side; by default as many as both splits have"
    )


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register the metrics of variety."""
    return [
        Component(
            "modes",
            "advnets.evaluate.metrics.modes:modes",
            "modes found, share of samples near one, and how evenly they are spread",
            ModesParameters,
        ),
        Component(
            "duplicates",
            "advnets.evaluate.metrics.duplicates:duplicates",
            "share of samples nearer to another one than real examples are to each other",
            DuplicatesParameters,
        ),
        Component(
            "memorisation",
            "advnets.evaluate.metrics.memorisation:memorisation",
            "whether samples lie nearer to training examples than to held-out ones",
            MemorisationParameters,
        ),
    ]
