"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from pydantic import Field

from advnets import Component, Parameters, Weight, hookimpl, list_recipes


class SupervisedParameters(Parameters):
    """Validate the parameters of ``supervised``."""

    weight: Weight = Field(1.0, description="w, the factor of the term in D's loss")
    field: str = Field(
        "label", min_length=1, description="the field of the stream that is the class"
    )


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register what D learns of a few labels."""
    return [
        Component(
            "supervised",
            "advnets_semi_supervised.supervised:Supervised",
            "-w log p(label | x) on the stream `labelled`, for D (Salimans et al. 2016)",
            SupervisedParameters,
            requires=("class_logits",),
            networks=(),
            streams=("labelled",),
        )
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_semi_supervised")
