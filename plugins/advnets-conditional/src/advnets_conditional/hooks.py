"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field, model_validator

from advnets import Component, Names, OfField, Parameters, Weight, hookimpl, list_recipes
from advnets.data import Field as DataField

Units = Annotated[int, Field(ge=1, le=1_000_000)]
Word = Annotated[str, Field(min_length=1)]
FieldName = Annotated[str, OfField("name")]
LARGEST_CODE = 65536


class ProjectionParameters(Parameters):
    """Validate the parameters of ``projection``."""

    network: Annotated[str | dict[str, Any] | None, Names("architectures")] = Field(
        None,
        description="the discriminator whose `features` are φ and whose logit is ψ(φ(x)), such as "
        "{name: mlp, layers: [256], features: true}; null for fully connected layers",
    )
    layers: list[Units] = Field(
        [256, 256],
        min_length=1,
        max_length=1000,
        description="units of these, with leaky ReLUs, where no network is named",
    )
    fields: list[Word] | None = Field(
        None, min_length=1, description="the classes that are projected on; all that D is told"
    )


class AuxiliaryParameters(Parameters):
    """Validate the parameters of ``auxiliary``."""

    weight: Weight = Field(1.0, description="v, the factor of the term in D's loss, and in G's")
    generator_weight: Weight | None = Field(None, description="w, in G's loss; null: as `weight`")
    field: FieldName = Field("label", description="the field that is the class")
    head: Word = Field("class_logits", description="D's word with a logit for each class")
    generated: bool = Field(
        True, description="whether D learns the classes of generated examples, too"
    )


class InformationParameters(Parameters):
    """Validate the parameters of ``information``."""

    weight: Weight = Field(1.0, description="w, the factor of the term: λ in the paper")
    field: FieldName = Field("code", description="the code that G is told: a class, or numbers")
    head: Word | None = Field(
        None,
        description="D's word with the logits of the code's classes, or the means of its numbers; "
        "null: FIELD_logits",
    )
    network: Word | None = Field(
        None, description="a network that reads the code, in place of a head of D: q, say"
    )
    deviation: float = Field(1.0, gt=0, description="σ of q, of a code of numbers")

    @model_validator(mode="after")
    def _reads_by_one(self) -> InformationParameters:
        if self.head is not None and self.network is not None:
            raise ValueError("the code is read by a head of D or by a network, and both are named")
        return self


class ContinuousParameters(Parameters):
    """Validate the parameters of ``continuous``."""

    shape: list[Annotated[int, Field(ge=1, le=LARGEST_CODE)]] = Field(
        [1], max_length=4, description="of one code: [2] for two numbers"
    )
    low: float = Field(-1.0, description="the lower end")
    high: float = Field(1.0, description="the upper end")

    @model_validator(mode="after")
    def _is_a_range(self) -> ContinuousParameters:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be less than high ({self.high:g})")
        if math.prod(self.shape) > LARGEST_CODE:
            raise ValueError(f"{self.shape} are more than {LARGEST_CODE} numbers")
        return self


class ClassAgreementParameters(Parameters):
    """Validate the parameters of ``class_agreement``."""

    features: Annotated[str | dict[str, Any], Names("features")] = Field(
        "classifier", description="features that know the data's classes"
    )
    field: FieldName = Field("label", description="what G is told: a field of classes")
    samples: int = Field(1000, ge=20, le=1_000_000, description="samples, of all classes alike")
    matched: bool = Field(
        False,
        description="whether values are first named after classes, each after another one, as the "
        "first half of the samples suggests: for a code without names (InfoGAN)",
    )


@hookimpl
def advnets_architectures() -> list[Component]:
    """Register the discriminator that is told classes by an inner product."""
    return [
        Component(
            "projection",
            "advnets_conditional.projection:projection",
            "ψ(φ(x)) + ⟨V e(y), φ(x)⟩: any discriminator, told classes by their projection on "
            "its features (Miyato and Koyama 2018)",
            ProjectionParameters,
            roles=("discriminator",),
            example={"given": {"label": DataField((), "int64", classes=4)}},
        )
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register what lets classes and codes be read off examples."""
    return [
        Component(
            "auxiliary",
            "advnets_conditional.auxiliary:Auxiliary",
            "-v log p(y | x), real and generated, for D; -w log p(y | G(z, y)) for G "
            "(Odena et al. 2017: AC-GAN)",
            AuxiliaryParameters,
            requires=("{head}",),
            networks=(),
            streams=(),
        ),
        # What it reads of D, and calls, depends on its parameters.
        Component(
            "information",
            "advnets_conditional.information:Information",
            "-w log q(c | G(z, c)), by a head of D for both players, or a network for G "
            "(Chen et al. 2016: InfoGAN)",
            InformationParameters,
            streams=(),
        ),
    ]


@hookimpl
def advnets_conditions() -> list[Component]:
    """Register codes of numbers; those of classes are the core's `categorical`."""
    return [
        Component(
            "continuous",
            "advnets_conditional.continuous:Continuous",
            "a new field of numbers, U[low, high) each (Chen et al. 2016)",
            ContinuousParameters,
        )
    ]


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register whether samples are what was asked for."""
    return [
        Component(
            "class_agreement",
            "advnets_conditional.class_agreement:class_agreement",
            "the share of samples that a classifier of real examples reads as the class asked for",
            ClassAgreementParameters,
            example={
                "parameters": {"samples": 60, "features": {"name": "classifier", "steps": 30}}
            },
        )
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_conditional")
