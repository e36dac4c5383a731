"""Offer what the rest of a game is made of, where one component of it is tried in a run.

A plugin like any other, ``--plugin advnets.testing.stand_ins``: data of any form, a network for
any place, losses, and an interruption.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..plugins.components import ROLES, Component
from ..plugins.dataset_parameters import DatasetParameters
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters

PARTS = "advnets.testing.parts"
"""Where the code is: it needs TensorFlow."""
Side = Annotated[int, Field(ge=1, le=65536)]
Shape = list[Side]


class FieldParameters(Parameters):
    """Describe a field, as :class:`advnets.data.Field` does."""

    shape: Shape = Field([], description="of one value; empty for a number")
    dtype: str = Field("float32", description="as stored")
    classes: int | None = Field(None, ge=1, description="how many classes there are")
    low: float | None = Field(None, description="the lower end of the range")
    high: float | None = Field(None, description="the upper end")
    kind: str = Field("vector", description="what the values are")


class DataParameters(DatasetParameters):
    """Validate the parameters of ``kit-data``."""

    shape: Shape = Field(description="of one example")
    kind: str = Field("vector", description="what the examples are")
    fields: dict[str, FieldParameters] = Field({}, description="what comes with each of them")
    examples: int = Field(48, ge=1, description="examples for training")
    seed: int = Field(0, ge=0, description="of the draw of the data")


class NetworkParameters(Parameters):
    """Validate the parameters of ``kit-network``."""

    says: dict[str, Shape] = Field(
        {}, description="what a discriminator says, by name: the shape for one example"
    )


class ReachingParameters(Parameters):
    """Validate the parameters of ``kit-reaching``."""

    player: str = Field("generator", description="whose term it is")
    networks: dict[str, dict[str, FieldParameters]] = Field(
        {}, description="the networks that it reaches, by name: what each takes"
    )


class EncounterParameters(Parameters):
    """Validate the parameters of ``kit-encounter``."""

    target: str = Field(description="the encounter, as a component's target")


class InterruptionParameters(Parameters):
    """Validate the parameters of ``kit-interruption``."""

    step: int = Field(ge=1, description="the round after which the signal comes")


@hookimpl
def advnets_datasets() -> list[Component]:
    """Offer data of any form, drawn from N(0, 1)."""
    example = {"parameters": {"shape": [2]}}
    return [
        Component(
            "kit-data",
            f"{PARTS}:KitData",
            "small data of any form",
            DataParameters,
            example=example,
        )
    ]


@hookimpl
def advnets_architectures() -> list[Component]:
    """Offer a small smooth network for whatever place."""
    return [
        Component("kit-network", f"{PARTS}:network", "a small network", NetworkParameters, ROLES)
    ]


@hookimpl
def advnets_losses() -> list[Component]:
    """Offer losses for what the paper's cannot judge."""
    toys = "advnets.testing.toys"
    words: dict[str, Any] = {"kit-energy": ("energy",), "kit-both-sides": ("logits",)}
    targets = {"kit-energy": "EnergyGap", "kit-both-sides": "BothSides"}
    return [
        Component(name, f"{toys}:{targets[name]}", "to try others with", requires=requires)
        for name, requires in words.items()
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Offer terms that networks move by which no duel reaches."""
    return [
        Component("kit-encoded", f"{PARTS}:Encoded", "|z - E(G(z))|²", networks=("encoder",)),
        Component(
            "kit-reaching", f"{PARTS}:Reaching", "what networks return, squared", ReachingParameters
        ),
    ]


@hookimpl
def advnets_encounters() -> list[Component]:
    """Offer the encounter that a component's example names."""
    parameters = {"parameters": {"target": "advnets.game:Generated"}}
    return [
        Component(
            "kit-encounter",
            f"{PARTS}:encounter",
            "the encounter of a target",
            EncounterParameters,
            example=parameters,
        )
    ]


@hookimpl
def advnets_callbacks() -> list[Component]:
    """Offer what interrupts a run."""
    return [
        Component(
            "kit-interruption",
            f"{PARTS}:interruption",
            "ends the process by SIGTERM after a round",
            InterruptionParameters,
            example={"parameters": {"step": 10**6}},
        )
    ]
