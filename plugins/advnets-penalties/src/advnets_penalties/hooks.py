"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from advnets import Component, Names, Parameters, Weight, hookimpl, list_recipes

Maps = Annotated[list[str | dict[str, Any]], Names("augmentations"), Field(min_length=1)]
IMAGES = {"shape": (8, 8, 1)}


class R2Parameters(Parameters):
    """Validate the parameters of ``r2``."""

    gamma: Weight = Field(10.0, description="γ, the factor of ½ ‖∇C‖²; a number or a schedule")


class DraganParameters(Parameters):
    """Validate the parameters of ``dragan``."""

    weight: Weight = Field(10.0, description="λ, the factor of the term in D's loss")
    scale: float = Field(
        0.5, ge=0, description="c, how far from the data, in standard deviations of the batch"
    )
    noise: Literal["uniform", "gaussian"] = Field(
        "uniform", description="the noise's distribution: U[0, 1), or N(0, 1)"
    )


class ConsistencyParameters(Parameters):
    """Validate the parameters of ``consistency``."""

    augmentations: Maps = Field(
        ["translation"],
        description="T, one map after the other; `instance_noise` suits data that are no images",
    )
    weight: Weight = Field(10.0, description="λ, the factor of the term in D's loss")


class BalancedConsistencyParameters(Parameters):
    """Validate the parameters of ``balanced_consistency``."""

    augmentations: Maps = Field(
        ["translation"],
        description="T, one map after the other; `instance_noise` suits data that are no images",
    )
    real: Weight = Field(10.0, description="λ_r, the factor of the term of real examples")
    fake: Weight = Field(10.0, description="λ_f, the factor of the term of generated ones")


class LeCamParameters(Parameters):
    """Validate the parameters of ``lecam``."""

    weight: Weight = Field(0.3, description="λ, the factor of the term in D's loss")
    decay: float = Field(0.99, ge=0, lt=1, description="d, how slowly the averages follow D")
    begin: int = Field(1000, ge=1, description="the first round in which the term counts")


class OrthogonalParameters(Parameters):
    """Validate the parameters of ``orthogonal``."""

    network: Literal["generator", "discriminator"] = Field(
        "generator", description="whose kernels, and whose loss it is added to"
    )
    weight: Weight = Field(1e-4, description="β, the factor of the term")
    unit: bool = Field(
        False, description="whether filters are to have the length 1, too: ‖WᵀW - I‖²"
    )


class LabelSmoothingParameters(Parameters):
    """Validate the parameters of ``label_smoothing``."""

    share: float = Field(
        0.1, gt=0, lt=1, description="s: the label of real examples is 1 - s instead of 1"
    )


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register the penalties, each in the module of its name."""

    def of_logits(
        name: str, made_by: str, summary: str, schema: type[Parameters], **more: Any
    ) -> Component:
        target = f"advnets_penalties.{name}:{made_by}"
        return Component(
            name, target, summary, schema, requires=("logits",), networks=(), streams=(), **more
        )

    return [
        of_logits("r2", "R2", "(γ/2) ‖∇C(G(z))‖², for D (Mescheder et al. 2018)", R2Parameters),
        of_logits(
            "dragan",
            "Dragan",
            "λ (‖∇C(x + δ)‖ - 1)² near real examples, for D (Kodali et al. 2017)",
            DraganParameters,
        ),
        of_logits(
            "consistency",
            "Consistency",
            "λ (C(x) - C(T(x)))², T an augmentation, for D (Zhang et al. 2020)",
            ConsistencyParameters,
            example=IMAGES,
        ),
        of_logits(
            "balanced_consistency",
            "BalancedConsistency",
            "λ (C - C(T))² on real and on generated examples, for D (Zhao et al. 2021)",
            BalancedConsistencyParameters,
            example=IMAGES,
        ),
        of_logits(
            "lecam",
            "LeCam",
            "λ (C(x) - α_F)² + λ (C(G(z)) - α_R)², α averages of C, for D (Tseng et al. 2021)",
            LeCamParameters,
        ),
        Component(
            "orthogonal",
            "advnets_penalties.orthogonal:Orthogonal",
            "β Σ ‖WᵀW ⊙ (1 - I)‖² over the kernels of G or D (Brock et al. 2019)",
            OrthogonalParameters,
            requires=(),
            networks=(),
            streams=(),
        ),
        of_logits(
            "label_smoothing",
            "LabelSmoothing",
            "s C(x), which makes real labels 1 - s, for D (Salimans et al. 2016)",
            LabelSmoothingParameters,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_penalties")
