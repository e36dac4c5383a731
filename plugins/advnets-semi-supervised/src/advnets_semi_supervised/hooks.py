"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from advnets import Component, Names, OfField, Parameters, Weight, hookimpl, list_recipes


class SupervisedParameters(Parameters):
    """Validate the parameters of ``supervised``."""

    weight: Weight = Field(1.0, description="w, the factor of the term in D's loss")
    field: str = Field(
        "label", min_length=1, description="the field of the stream that is the class"
    )


class WeightedParameters(Parameters):
    """Validate the parameters of ``weighted``."""

    loss: Annotated[str | dict[str, Any], Names("losses")] = Field(
        "non_saturating", description="ℓ, whose parts are weighted"
    )
    discriminator: Weight = Field(1.0, description="v, the factor of D's part; 0: no game for D")
    generator: Weight = Field(1.0, description="w, the factor of G's part; 0: G stays as it is")


class ClassificationErrorParameters(Parameters):
    """Validate the parameters of ``classification_error``."""

    split: Literal["train", "validation", "test"] = Field(
        "test", description="whose examples are read"
    )
    field: Annotated[str, OfField("name")] = Field("label", description="what is right")
    head: str = Field(
        "class_logits", min_length=1, description="the word that holds a logit for each class"
    )
    network: str = Field("discriminator", min_length=1, description="which network is asked")
    matched: bool = Field(
        False,
        description="whether each value of the head is first named after the class most frequent "
        "among the training examples read as it (InfoGAN's code)",
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
def advnets_losses() -> list[Component]:
    """Register what leaves one player's part of a loss out, or both."""
    return [
        Component(
            "weighted",
            "advnets_semi_supervised.weighted:Weighted",
            "v ℓ_D for D, w ℓ_G for G, of any loss; 0 and 0: D learns from its penalties alone",
            WeightedParameters,
        )
    ]


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register how often the game's own classifier is wrong."""
    return [
        Component(
            "classification_error",
            "advnets_semi_supervised.classification_error:classification_error",
            "the share of real examples whose class a head of D names wrongly",
            ClassificationErrorParameters,
            # Of the networks that the conformance kit has, the one that gives several numbers.
            example={"parameters": {"network": "classifier"}},
        )
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_semi_supervised")
