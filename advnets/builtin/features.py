"""Register the feature extractors that ship with advnets. TensorFlow-free."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from ..plugins.components import Component, list_components
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Names, Parameters

Features = Annotated[str | dict[str, Any] | None, Names("features")]
"""A metric's parameter that names what it compares examples by."""


class ClassifierParameters(Parameters):
    """Validate the parameters of ``classifier``."""

    dataset: Annotated[str | dict[str, Any] | None, Names("datasets")] = Field(
        None,
        description="what it is trained on, a name or an entry as under dataset; by default the "
        "data that are scored",
    )
    steps: int = Field(2000, ge=1, le=1_000_000, description="training steps, of 128 examples each")
    seed: int = Field(0, ge=0, lt=2**31, description="of the initial weights and the order")


@hookimpl
def advnets_features() -> list[Component]:
    """Register the built-in feature extractors."""
    found = list_components(
        "advnets.evaluate.features.{name}:{camel}",
        pixels=("the values of an example themselves; for vectors",),
        classifier=(
            "the penultimate layer of a small classifier, trained here on the data's labels",
            ClassifierParameters,
        ),
        inception=(
            "the last pooling of Keras's Inception-v3 with its ImageNet weights; images only",
        ),
    )
    few = {"classifier": {"steps": 30}}
    return [replace(one, example={"parameters": few.get(one.name, {})}) for one in found]
